// Sound of the watch. Browsers let a page sound only after a gesture: the shift begins with
// "Arm sound", and until then a banner says SOUND OFF. A page cannot know that its speakers
// are muted; the test tone is for the person's ears.

import type { Alarm } from "../wire";
import { needsAcknowledging, sortAlarms } from "./alarms";
import { sentenceOf, Voice } from "./voice";

interface Tone {
  hz: number;
  s: number;
}

/** What is heard for each step: the more urgent, the higher and the more often. */
export const TONES: Record<string, { notes: Tone[]; everyS: number }> = {
  "TAKE SHELTER": {
    notes: [
      { hz: 960, s: 0.22 },
      { hz: 760, s: 0.22 },
      { hz: 960, s: 0.22 },
      { hz: 760, s: 0.22 },
    ],
    everyS: 3,
  },
  CAUTION: {
    notes: [
      { hz: 660, s: 0.15 },
      { hz: 0, s: 0.08 },
      { hz: 660, s: 0.15 },
    ],
    everyS: 8,
  },
  // As loud as a CAUTION: where nobody looks, quiet means nothing.
  "NOT WATCHING": {
    notes: [
      { hz: 660, s: 0.15 },
      { hz: 0, s: 0.08 },
      { hz: 520, s: 0.15 },
    ],
    everyS: 8,
  },
  // A warning would not be heard: the watch officer has to telephone.
  "NOT HEARD": {
    notes: [
      { hz: 520, s: 0.15 },
      { hz: 0, s: 0.08 },
      { hz: 660, s: 0.15 },
    ],
    everyS: 8,
  },
  MONITOR: { notes: [{ hz: 440, s: 0.18 }], everyS: 0 },
};

const SHELTER = "TAKE SHELTER";
const VOLUME = 0.25;

/** A site by its id: its name, and its place in the header, from 0. */
export type SiteOf = (id: string) => { name: string; at: number };

/** Between looks whether the sound runs. */
const LOOK_MS = 1000;
/** A browser that wants a gesture first lets `resume` wait for it. */
const RESUME_MS = 1500;

export class SoundDesk {
  /** Somebody wants sound. */
  armed = $state(false);
  /** Sound really runs: the time of the audio stands still where it does not, whatever its state
   * says. */
  runs = $state(false);
  #context: AudioContext | null = null;
  #heardS = 0;
  #lookedMs = 0;
  readonly voice = new Voice();
  #spokenS = new Map<string, number>();
  #soundedMs = new Map<string, number>();

  async arm(): Promise<void> {
    this.#context ??= this.#open();
    const context = this.#context;
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, RESUME_MS))]);
    this.runs = context.state === "running";
    this.armed ||= this.runs;
    this.#heardS = context.currentTime;
    this.#lookedMs = performance.now();
    if (this.runs) this.#play([{ hz: 520, s: 0.12 }]);
    await this.voice.load(context);
  }

  /** What an alarm of this step sounds like; arms the sound, for it was a gesture. */
  async check(step: string, siteName: string, site: number): Promise<void> {
    if (!this.runs) await this.arm();
    const tone = TONES[step];
    if (!this.runs || !tone || !this.#context) return;
    this.#play(tone.notes);
    const alarm = { step, nature: "live", text: "" } as Alarm;
    const sentence = sentenceOf(alarm, site, siteName);
    if (sentence) this.voice.say(this.#context, sentence, lengthS(tone.notes), `check ${step}`);
  }

  async disarm(): Promise<void> {
    this.armed = false;
    this.runs = false;
    this.voice.hush(() => true);
    await this.#context?.suspend();
  }

  /** Look once a second whether sound runs; where it was stopped from outside, ask for it again. */
  look(wallMs: number): void {
    if (!this.armed || wallMs - this.#lookedMs < LOOK_MS) return;
    const nowS = this.#context?.currentTime ?? 0;
    const runs = this.#context?.state === "running" && nowS > this.#heardS;
    if (!runs) this.#stopped();
    this.runs = runs;
    this.#heardS = nowS;
    this.#lookedMs = wallMs;
    if (!runs) void this.#context?.resume().catch(() => {});
  }

  /** Sound for what nobody has acknowledged; called a few times a second. */
  watch(alarms: readonly Alarm[], siteOf: SiteOf, wallMs: number): void {
    const open = sortAlarms(alarms.filter(needsAcknowledging));
    for (const id of this.#soundedMs.keys()) {
      if (open.some((alarm) => keyOf(alarm) === id)) continue;
      this.#forget(id);
      this.voice.hush((key) => key === id);
    }
    if (!this.runs) return;
    for (const alarm of open) this.#soundOne(alarm, siteOf, wallMs);
  }

  #open(): AudioContext {
    const context = new AudioContext();
    context.onstatechange = () => {
      if (context.state !== "running" && this.runs) this.#stopped();
    };
    return context;
  }

  /** What has sounded since the last look was perhaps not heard: it counts as not sounded. */
  #stopped(): void {
    this.runs = false;
    this.voice.hush(() => true);
    for (const [id, atMs] of this.#soundedMs) if (atMs >= this.#lookedMs) this.#forget(id);
  }

  #forget(id: string): void {
    this.#soundedMs.delete(id);
    this.#spokenS.delete(id);
  }

  #soundOne(alarm: Alarm, siteOf: SiteOf, wallMs: number): void {
    const tone = TONES[alarm.step];
    if (!tone) return;
    const last = this.#soundedMs.get(keyOf(alarm));
    const told = alarm.escalated_s ?? 0;
    const louder = this.#spokenS.get(keyOf(alarm)) !== told;
    const due = tone.everyS === 0 ? louder : wallMs - (last ?? 0) >= tone.everyS * 1000;
    if (last !== undefined && !due) return;
    this.#soundedMs.set(keyOf(alarm), wallMs);
    this.#play(tone.notes);
    if (!louder) return;
    // Once, and again whenever it is told louder because nobody has answered.
    this.#spokenS.set(keyOf(alarm), told);
    // Nothing else is said before it, or over it.
    if (alarm.step === SHELTER) this.voice.hush((key) => !key.endsWith(SHELTER));
    const { name, at } = siteOf(alarm.site_id);
    const sentence = sentenceOf(alarm, at, name);
    if (sentence && this.#context)
      this.voice.say(this.#context, sentence, lengthS(tone.notes), keyOf(alarm));
  }

  #play(notes: Tone[]): void {
    const context = this.#context;
    if (!context) return;
    let at = context.currentTime + 0.02;
    for (const note of notes) {
      if (note.hz > 0) playNote(context, note, at);
      at += note.s;
    }
  }
}

/** Until what is said after these notes. */
function lengthS(notes: readonly Tone[]): number {
  return notes.reduce((sum, note) => sum + note.s, 0.1);
}

function keyOf(alarm: Alarm): string {
  return `${alarm.id} ${alarm.step}`;
}

function playNote(context: AudioContext, note: Tone, at: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = note.hz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(VOLUME, at + 0.01);
  gain.gain.setValueAtTime(VOLUME, at + note.s - 0.03);
  gain.gain.linearRampToValueAtTime(0, at + note.s);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + note.s);
}
