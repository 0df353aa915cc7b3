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

export class Voice {
  #clips = new Map<string, AudioBuffer>();

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

  /** Say a sentence after `delayS`: the tone comes first. */
  say(context: AudioContext, sentence: Sentence, delayS: number): void {
    const synthesis = "speechSynthesis" in window ? window.speechSynthesis : null;
    if (synthesis?.getVoices().some((voice) => voice.localService)) {
      setTimeout(
        () => synthesis.speak(new SpeechSynthesisUtterance(sentence.words)),
        delayS * 1000,
      );
      return;
    }
    let at = context.currentTime + delayS;
    for (const name of sentence.clips) {
      const clip = this.#clips.get(name);
      if (!clip) continue;
      const source = context.createBufferSource();
      source.buffer = clip;
      source.connect(context.destination);
      source.start(at);
      at += clip.duration + GAP_S;
    }
  }
}
