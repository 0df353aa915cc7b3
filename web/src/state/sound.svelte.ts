// Sound of the watch. Browsers let a page sound only after a gesture: the shift begins with
// "Arm sound", and until then a banner says SOUND OFF. A page cannot know that its speakers
// are muted; the test tone is for the person's ears.

import type { Alarm } from "../wire";
import { needsAcknowledging } from "./alarms";

interface Tone {
  hz: number;
  s: number;
}

/** What is heard for each step: the more urgent, the higher and the more often. */
export const TONES: Record<string, { notes: Tone[]; everyS: number; words: string }> = {
  "TAKE SHELTER": {
    notes: [
      { hz: 960, s: 0.22 },
      { hz: 760, s: 0.22 },
      { hz: 960, s: 0.22 },
      { hz: 760, s: 0.22 },
    ],
    everyS: 3,
    words: "Take shelter",
  },
  CAUTION: {
    notes: [
      { hz: 660, s: 0.15 },
      { hz: 0, s: 0.08 },
      { hz: 660, s: 0.15 },
    ],
    everyS: 8,
    words: "Caution",
  },
  // As loud as a CAUTION: where nobody looks, quiet means nothing.
  "NOT WATCHING": {
    notes: [
      { hz: 660, s: 0.15 },
      { hz: 0, s: 0.08 },
      { hz: 520, s: 0.15 },
    ],
    everyS: 8,
    words: "Not watching",
  },
  // A warning would not be heard: the watch officer has to telephone.
  "NOT HEARD": {
    notes: [
      { hz: 520, s: 0.15 },
      { hz: 0, s: 0.08 },
      { hz: 660, s: 0.15 },
    ],
    everyS: 8,
    words: "Siren not heard",
  },
  MONITOR: { notes: [{ hz: 440, s: 0.18 }], everyS: 0, words: "" },
};

const VOLUME = 0.25;

export class SoundDesk {
  armed = $state(false);
  #context: AudioContext | null = null;
  #heardS = 0;
  #soundedMs = new Map<string, number>();

  async arm(): Promise<void> {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    this.armed = this.#context.state === "running";
    if (this.armed) this.#play([{ hz: 520, s: 0.12 }]);
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
  watch(alarms: readonly Alarm[], siteName: (id: string) => string, wallMs: number): void {
    const open = alarms.filter(needsAcknowledging);
    for (const id of this.#soundedMs.keys()) {
      if (!open.some((alarm) => keyOf(alarm) === id)) this.#soundedMs.delete(id);
    }
    if (!this.armed) return;
    for (const alarm of open) this.#soundOne(alarm, siteName, wallMs);
  }

  #soundOne(alarm: Alarm, siteName: (id: string) => string, wallMs: number): void {
    const tone = TONES[alarm.step];
    if (!tone) return;
    const last = this.#soundedMs.get(keyOf(alarm));
    if (last !== undefined && (tone.everyS === 0 || wallMs - last < tone.everyS * 1000)) return;
    this.#soundedMs.set(keyOf(alarm), wallMs);
    this.#play(tone.notes);
    if (last === undefined && tone.words) speak(`${tone.words}. ${siteName(alarm.site_id)}.`);
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

function speak(words: string): void {
  if (!("speechSynthesis" in window) || window.speechSynthesis.getVoices().length === 0) return;
  window.speechSynthesis.speak(new SpeechSynthesisUtterance(words));
}
