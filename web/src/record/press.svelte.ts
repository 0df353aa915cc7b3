// What somebody is writing for an account's readers. It outlives a look at another page, and what
// was typed or chosen never changes by itself.

import type { StandingTold } from "./api";
import { readSentences, writeSentences } from "./drafts";

export class PressDraft {
  headline = $state("");
  text = $state("");
  /** The step that was chosen; "" none: nothing is chosen for anybody. */
  next = $state("");
  wrong = $state("");
  right = $state("");
  until = $state("");
  /** Why what was chosen or written is to be looked at again. */
  why = $state("");
  /** The draft of the record that headline and text began with. */
  #begun = "";
  /** The newest draft of the record that somebody was told of. */
  #newest = "";

  /** Whether there are words in it that no draft of the record holds. */
  get isTouched(): boolean {
    return this.#begun !== "" && this.#words !== this.#begun;
  }

  /** Go on from what stands now: a text that nobody has touched becomes the newest draft, and a
   * step that can no longer be taken is no longer chosen. */
  follow(now: StandingTold): void {
    const newest = wordsOf(now.headline, now.sentences);
    if (!this.isTouched || this.#words === newest) this.take(now);
    else if (newest !== this.#newest)
      this.why = "Another draft was kept meanwhile; yours is still here.";
    this.#newest = newest;
    if (this.next && !now.next.includes(this.next)) {
      this.why = `It is ${now.state || "not out"} by now and cannot be ${this.next} any more: choose the step anew.`;
      this.next = "";
    }
  }

  /** Put the newest draft of the record in the place of what is written here. */
  take(now: StandingTold): void {
    this.headline = now.headline;
    this.text = writeSentences(now.sentences);
    this.#begun = this.#words;
    this.#newest = wordsOf(now.headline, now.sentences);
  }

  choose(step: string): void {
    this.next = step;
    this.why = "";
  }

  /** The step was taken: the next one is another. */
  taken(): void {
    this.next = this.wrong = this.right = this.until = this.why = "";
  }

  get #words(): string {
    return wordsOf(this.headline, readSentences(this.text));
  }
}

const wordsOf = (headline: string, sentences: StandingTold["sentences"]): string =>
  JSON.stringify([headline.trim(), sentences.map((one) => [one.text.trim(), one.rests_on ?? []])]);

/** Where an account stands, to be compared: a step that somebody took makes it another. */
export const standsAt = (now: StandingTold | undefined): string =>
  now ? JSON.stringify([now.state, now.as_of, now.steps.map((step) => step.id)]) : "";
