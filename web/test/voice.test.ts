import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLIPS, sentenceOf } from "../src/state/voice";
import type { Alarm } from "../src/wire";

const FOLDER = new URL("../public/voice/", import.meta.url);
const alarm = (step: string, text = "") => ({ step, text }) as Alarm;

describe("what the watch says", () => {
  it("names the step and the site", () => {
    expect(sentenceOf(alarm("TAKE SHELTER"), 1, "South field")).toEqual({
      clips: ["take-shelter", "site-2"],
      words: "Take shelter. South field.",
    });
  });

  it("says that nobody attends to a track", () => {
    const text = "1 track towards Apron, not attended by anybody";
    expect(sentenceOf(alarm("CAUTION", text), 0, "North")?.clips).toEqual([
      "caution",
      "not-attended",
      "site-1",
    ]);
  });

  it("says first that it is an exercise", () => {
    const drill = { ...alarm("CAUTION"), nature: "exercise" } as Alarm;
    expect(sentenceOf(drill, 0, "North")?.clips).toEqual(["exercise", "caution", "site-1"]);
  });

  it("says that a siren is not heard, and nothing at MONITOR", () => {
    expect(sentenceOf(alarm("NOT HEARD"), -1, "North")?.clips).toEqual(["not-heard"]);
    expect(sentenceOf(alarm("MONITOR"), 0, "North")).toBeNull();
  });

  it("has a clip for each, and each is sound that browsers decode: PCM, mono, short", () => {
    const there = readdirSync(FOLDER).filter((name) => name.endsWith(".wav"));
    expect(there.sort()).toEqual(CLIPS.map((name) => `${name}.wav`).sort());
    for (const name of there) {
      const wav = readFileSync(new URL(name, FOLDER));
      expect(wav.toString("latin1", 0, 4) + wav.toString("latin1", 8, 12)).toBe("RIFFWAVE");
      expect([wav.readUInt16LE(20), wav.readUInt16LE(22)]).toEqual([1, 1]);
      const seconds = (wav.length - 44) / wav.readUInt32LE(28);
      expect(seconds).toBeGreaterThan(0.3);
      expect(seconds).toBeLessThan(2);
    }
  });
});
