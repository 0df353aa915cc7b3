import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SoundDesk } from "../src/state/sound.svelte";
import type { Alarm } from "../src/wire";

/** Counts tones: Node has no audio. */
let tones = 0;
const param = () => ({ value: 0, setValueAtTime() {}, linearRampToValueAtTime() {} });
let audio: Audio;
/** When each clip begins, in the order they were given; null once it was stopped. */
let clips: { clip: string; at: number | null }[] = [];
class Audio {
  state = "running";
  currentTime = 1;
  destination = {};
  resumed = 0;
  onstatechange = () => {};
  constructor() {
    audio = this;
  }
  async resume() {
    this.resumed += 1;
  }
  async suspend() {}
  decodeAudioData = async (clip: string) => ({ clip, duration: 1 });
  createBufferSource = () => {
    const source = { clip: "", at: null as number | null };
    return {
      set buffer(buffer: { clip: string }) {
        source.clip = buffer.clip;
      },
      connect() {},
      start(at: number) {
        source.at = at;
        clips.push(source);
      },
      stop() {
        source.at = null;
      },
    };
  };
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
  clips = [];
  vi.stubGlobal("AudioContext", Audio);
  vi.stubGlobal("window", {});
  vi.stubGlobal("fetch", async (path: string) => ({
    ok: true,
    arrayBuffer: async () => path.replace(/.*\/(.*)\.wav/, "$1"),
  }));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
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

/** A second of the machine, in which the audio goes on or stands still. */
function second(sound: SoundDesk, wallMs: number, goesOn = true): void {
  if (goesOn) audio.currentTime += 1;
  sound.look(wallMs);
}

describe("sound that the browser has stopped", () => {
  it("is not called on: it stands still, and is asked for again until it runs", async () => {
    vi.spyOn(performance, "now").mockReturnValue(0);
    const sound = await armed();
    second(sound, 1000);
    expect(sound.runs).toBe(true);
    second(sound, 2000, false);
    expect([sound.armed, sound.runs, audio.resumed]).toEqual([true, false, 2]);
    second(sound, 3000);
    expect(sound.runs).toBe(true);
  });

  it("is known at once where its state says so", async () => {
    const sound = await armed();
    audio.state = "interrupted";
    audio.onstatechange();
    expect([sound.armed, sound.runs]).toEqual([true, false]);
  });

  it("marks no alarm as sounded that it could not sound", async () => {
    vi.spyOn(performance, "now").mockReturnValue(0);
    const sound = await armed();
    second(sound, 1000);
    const open = alarm({ step: "MONITOR" });
    second(sound, 2000, false);
    expect(played(sound, [open], 2_100)).toBe(0);
    second(sound, 3000);
    expect(played(sound, [open], 3_100)).toBe(1);
    // It stood still some time within this second: perhaps nobody has heard it.
    second(sound, 4000, false);
    second(sound, 5000);
    expect(played(sound, [open], 5_100)).toBe(1);
    expect(played(sound, [open], 5_200)).toBe(0);
  });
});

const said = () => clips.filter((one) => one.at !== null).map((one) => one.clip);

describe("sentences", () => {
  const caution = alarm({ id: "C", step: "CAUTION" });
  const shelter = alarm({ id: "S", step: "TAKE SHELTER" });
  const watching = alarm({ id: "N", step: "NOT WATCHING" });

  it("are said one after the other, the gravest first", async () => {
    const sound = await armed();
    sound.watch([watching, caution], siteOf, 1000);
    expect(said()).toEqual(["caution", "site-1", "not-watching", "site-1"]);
    const starts = clips.map((one) => one.at!);
    for (const [k, at] of starts.slice(1).entries()) expect(at - starts[k]!).toBeGreaterThan(1);
  });

  it("give way to TAKE SHELTER, whether they are queued or being said", async () => {
    const sound = await armed();
    sound.watch([watching, caution], siteOf, 1000);
    sound.watch([watching, caution, shelter], siteOf, 1250);
    expect(said()).toEqual(["take-shelter", "site-1"]);
    expect(clips.at(-2)!.at).toBeLessThan(audio.currentTime + 1.5);
  });

  it("are not said of what is no longer open, nor once the sound is off", async () => {
    const sound = await armed();
    sound.watch([watching, caution], siteOf, 1000);
    sound.watch([watching], siteOf, 1250);
    expect(said()).toEqual(["not-watching", "site-1"]);
    await sound.disarm();
    expect(said()).toEqual([]);
  });
});

describe("a voice of the browser", () => {
  it("says the others again that were cut off with what is no longer open", async () => {
    vi.useFakeTimers();
    const spoken: string[] = [];
    let cancelled = 0;
    const speechSynthesis = {
      getVoices: () => [{ localService: true }],
      speak: (one: { text: string }) => spoken.push(one.text),
      cancel: () => {
        cancelled += 1;
      },
    };
    vi.stubGlobal("window", { speechSynthesis });
    vi.stubGlobal(
      "SpeechSynthesisUtterance",
      class {
        constructor(readonly text: string) {}
      },
    );
    const arming = armed();
    await vi.advanceTimersByTimeAsync(2000);
    const sound = await arming;
    const caution = alarm({ id: "C", step: "CAUTION" });
    const watching = alarm({ id: "N", step: "NOT WATCHING" });
    sound.watch([watching, caution], siteOf, 1000);
    sound.watch([watching], siteOf, 1050); // before a word was said
    await vi.advanceTimersByTimeAsync(2000);
    expect([spoken, cancelled]).toEqual([["Not watching. North."], 0]);
    sound.watch([watching, caution], siteOf, 3000);
    await vi.advanceTimersByTimeAsync(2000);
    sound.watch([caution], siteOf, 5000);
    expect(cancelled).toBe(1);
    expect(spoken.slice(1)).toEqual(["Caution. North.", "Caution. North."]);
    vi.useRealTimers();
  });
});
