// What the watch says aloud. A browser may have no voice of its own (Chromium on Linux often has
// none): recorded clips come with the page, and a voice of the browser is used where there is one,
// for it can say the site's name.

import type { Alarm } from "../wire";

const STEPS: Record<string, { clip: string; words: string }> = {
  "TAKE SHELTER": { clip: "take-shelter", words: "Take shelter" },
  CAUTION: { clip: "caution", words: "Caution" },
  "NOT WATCHING": { clip: "not-watching", words: "Not watching" },
  "NOT HEARD": { clip: "not-heard", words: "Siren not heard" },
};
export const MOST_SITES = 9;
export const CLIPS: readonly string[] = [
  ...Object.values(STEPS).map((step) => step.clip),
  "not-attended",
  "exercise",
  ...Array.from({ length: MOST_SITES }, (_, k) => `site-${k + 1}`),
];
/** Between two clips of one sentence. */
const GAP_S = 0.12;

export interface Sentence {
  clips: string[];
  words: string;
}

/** What is said of an alarm; null where its step is not spoken. site: its place, from 0. */
export function sentenceOf(alarm: Alarm, site: number, siteName: string): Sentence | null {
  const step = STEPS[alarm.step];
  if (!step) return null;
  const unreal = alarm.nature === "exercise";
  const clips = unreal ? ["exercise", step.clip] : [step.clip];
  const words = unreal ? ["Exercise", step.words] : [step.words];
  if (alarm.step === "CAUTION" && alarm.text.includes("not attended")) {
    clips.push("not-attended");
    words.push("Track, not attended");
  }
  if (site >= 0 && site < MOST_SITES) clips.push(`site-${site + 1}`);
  words.push(siteName);
  return { clips, words: `${words.join(". ")}.` };
}

/** A sentence that is queued or being spoken. key: of what it speaks. */
interface Spoken {
  key: string;
  /** When it ends, by the time of the audio; a browser's voice says so itself. */
  endS: number;
  /** Not before this, by the steady clock. */
  dueMs: number;
  /** Tells whether that has cut off all others too. */
  stop: () => boolean;
  /** Say it again from its beginning, where stopping another has cut it off. */
  again: () => void;
}

export class Voice {
  #clips = new Map<string, AudioBuffer>();
  #queue: Spoken[] = [];

  /** How many clips can be played. */
  get count(): number {
    return this.#clips.size;
  }

  /** Fetch the clips; one that does not come is fetched when the sound is armed again. */
  async load(context: BaseAudioContext): Promise<void> {
    const missing = CLIPS.filter((name) => !this.#clips.has(name));
    await Promise.allSettled(
      missing.map(async (name) => {
        const reply = await fetch(`/voice/${name}.wav`);
        if (!reply.ok) return;
        this.#clips.set(name, await context.decodeAudioData(await reply.arrayBuffer()));
      }),
    );
  }

  /** Say a sentence after `delayS`, for the tone comes first, and after those before it. */
  say(context: AudioContext, sentence: Sentence, delayS: number, key: string): void {
    this.#queue = this.#queue.filter((one) => one.endS > context.currentTime);
    const synthesis = "speechSynthesis" in window ? window.speechSynthesis : null;
    if (synthesis?.getVoices().some((voice) => voice.localService))
      this.#speak(synthesis, sentence, delayS, key);
    else this.#play(context, sentence, delayS, key);
  }

  /** Stop what is queued or being spoken of some, and go on with the others. */
  hush(isOf: (key: string) => boolean): void {
    const stopped = this.#queue.filter((one) => isOf(one.key));
    if (stopped.length === 0) return;
    this.#queue = this.#queue.filter((one) => !isOf(one.key));
    const wereCutOff = stopped.map((one) => one.stop()).includes(true);
    if (wereCutOff) for (const one of this.#queue) one.again();
  }

  /** A browser speaks one sentence at a time; it can only be told to stop all of them. */
  #speak(synthesis: SpeechSynthesis, sentence: Sentence, delayS: number, key: string): void {
    const nowMs = performance.now();
    const dueMs = Math.max(nowMs + delayS * 1000, ...this.#queue.map((one) => one.dueMs));
    let told: SpeechSynthesisUtterance | null = null;
    const tell = () => {
      const utterance = new SpeechSynthesisUtterance(sentence.words);
      told = utterance;
      const ended = () => {
        if (told === utterance) this.#queue = this.#queue.filter((one) => one !== mine);
      };
      utterance.onend = ended;
      utterance.onerror = ended;
      synthesis.speak(utterance);
    };
    const timer = setTimeout(tell, dueMs - nowMs);
    const mine: Spoken = {
      key,
      endS: Number.POSITIVE_INFINITY,
      dueMs,
      stop: () => {
        clearTimeout(timer);
        if (told) synthesis.cancel();
        return told !== null;
      },
      again: () => {
        if (told) tell();
      },
    };
    this.#queue.push(mine);
  }

  #play(context: AudioContext, sentence: Sentence, delayS: number, key: string): void {
    const ends = this.#queue.map((one) => one.endS).filter(Number.isFinite);
    let at = Math.max(context.currentTime + delayS, ...ends);
    const sources: AudioBufferSourceNode[] = [];
    for (const name of sentence.clips) {
      const clip = this.#clips.get(name);
      if (!clip) continue;
      const source = context.createBufferSource();
      source.buffer = clip;
      source.connect(context.destination);
      source.start(at);
      sources.push(source);
      at += clip.duration + GAP_S;
    }
    const stop = () => {
      for (const source of sources) source.stop();
      return false;
    };
    if (sources.length) this.#queue.push({ key, endS: at, dueMs: 0, stop, again: () => {} });
  }
}
