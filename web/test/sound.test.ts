import { beforeEach, describe, expect, it, vi } from "vitest";
import { SoundDesk } from "../src/state/sound.svelte";
import type { Alarm } from "../src/wire";

/** Counts tones: Node has no audio. */
let tones = 0;
const param = () => ({ value: 0, setValueAtTime() {}, linearRampToValueAtTime() {} });
class Audio {
  state = "running";
  currentTime = 1;
  destination = {};
  async resume() {}
  createGain = () => ({ gain: param(), connect: () => ({}) });
  createOscillator = () => ({
    frequency: param(),
    connect: (next: { connect(to: unknown): unknown }) => next,
    start: () => {
      tones += 1;
    },
    stop() {},
  });
}

const siteOf = () => ({ name: "North", at: 0 });
const alarm = (more: object) =>
  ({
    id: "A-1-1",
    site_id: "north",
    text: "",
    nature: "live",
    state: "unacknowledged",
    escalated_s: null,
    ...more,
  }) as unknown as Alarm;

/** How many tones a look at these alarms plays. */
function played(sound: SoundDesk, alarms: Alarm[], wallMs: number): number {
  tones = 0;
  sound.watch(alarms, siteOf, wallMs);
  return tones;
}

async function armed(): Promise<SoundDesk> {
  const sound = new SoundDesk();
  await sound.arm();
  return sound;
}

beforeEach(() => {
  vi.stubGlobal("AudioContext", Audio);
  vi.stubGlobal("window", {});
  vi.stubGlobal("fetch", async () => ({ ok: false }));
});

describe("what nobody has acknowledged", () => {
  it("sounds every 8 s at CAUTION, until somebody has", async () => {
    const sound = await armed();
    const open = alarm({ step: "CAUTION" });
    expect(played(sound, [open], 1_000)).toBeGreaterThan(0);
    expect(played(sound, [open], 8_900)).toBe(0);
    expect(played(sound, [open], 9_000)).toBeGreaterThan(0);
    expect(played(sound, [alarm({ step: "CAUTION", state: "acknowledged" })], 20_000)).toBe(0);
    expect(played(sound, [open], 20_100)).toBeGreaterThan(0);
  });

  it("sounds once at MONITOR, and again whenever it calls again", async () => {
    const sound = await armed();
    expect(played(sound, [alarm({ step: "MONITOR" })], 1_000)).toBe(1);
    expect(played(sound, [alarm({ step: "MONITOR" })], 60_000)).toBe(0);
    expect(played(sound, [alarm({ step: "MONITOR", escalated_s: 61 })], 61_000)).toBe(1);
    expect(played(sound, [alarm({ step: "MONITOR", escalated_s: 61 })], 99_000)).toBe(0);
  });

  it("is silent until the sound is armed", () => {
    expect(played(new SoundDesk(), [alarm({ step: "TAKE SHELTER" })], 1_000)).toBe(0);
  });
});
