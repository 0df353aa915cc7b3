// Sound of the watch. Browsers let a page sound only after a gesture: the shift begins with
// "Arm sound", and until then a banner says SOUND OFF. A page cannot know that its speakers
// are muted; the test tone is for the person's ears.

import type { Alarm } from "../wire";
import { needsAcknowledging } from "./alarms";
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

const VOLUME = 0.25;

/** A site by its id: its name, and its place in the header, from 0. */
export type SiteOf = (id: string) => { name: string; at: number };

export class SoundDesk {
  armed = $state(false);
  #context: AudioContext | null = null;
  #heardS = 0;
  readonly voice = new Voice();
  #spokenS = new Map<string, number>();
  #soundedMs = new Map<string, number>();

  async arm(): Promise<void> {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.armed = this.#context.state === "running";
    if (this.armed) this.#play([{ hz: 520, s: 0.12 }]);
    await this.voice.load(this.#context);
  }

  /** What an alarm of this step sounds like; arms the sound, for it was a gesture. */
  async check(step: string, siteName: string, site: number): Promise<void> {
    if (!this.armed) await this.arm();
    const tone = TONES[step];
    if (!this.armed || !tone || !this.#context) return;
    this.#play(tone.notes);
    const alarm = { step, nature: "live", text: "" } as Alarm;
    const sentence = sentenceOf(alarm, site, siteName);
    const toneS = tone.notes.reduce((sum, note) => sum + note.s, 0.1);
    if (sentence) this.voice.say(this.#context, sentence, toneS);
  }

  async disarm(): Promise<void> {
    this.armed = false;
    await this.#context?.suspend();
  }

  /** Whether sound really runs: the time of the audio stands still where it does not, whatever
   * its state says. Asked about once a second. */
  get runs(): boolean {
    const nowS = this.#context?.currentTime ?? 0;
    const runs = this.armed && this.#context?.state === "running" && nowS > this.#heardS;
    this.#heardS = nowS;
    return runs;
  }

  /** Sound for what nobody has acknowledged; called a few times a second. */
  watch(alarms: readonly Alarm[], siteOf: SiteOf, wallMs: number): void {
    const open = alarms.filter(needsAcknowledging);
    for (const id of this.#soundedMs.keys()) {
      if (open.some((alarm) => keyOf(alarm) === id)) continue;
      this.#soundedMs.delete(id);
      this.#spokenS.delete(id);
    }
    if (!this.armed) return;
    for (const alarm of open) this.#soundOne(alarm, siteOf, wallMs);
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
    const { name, at } = siteOf(alarm.site_id);
    const sentence = sentenceOf(alarm, at, name);
    const toneS = tone.notes.reduce((sum, note) => sum + note.s, 0.1);
    if (sentence && this.#context) this.voice.say(this.#context, sentence, toneS);
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
