// At a duty position some acts need a person: they wait here until a name and its PIN are told,
// go through by themselves then, and are dropped where nobody says who it is. What raises
// protection never comes here: the service takes it without a name.

import type { Answer } from "./acts";

export interface Person {
  person: string;
  pin: string;
}

interface Waiting {
  words: string;
  attempt: (who: Person) => Promise<Answer>;
  done: (answer: Answer) => void;
}

export const NOBODY: Answer = {
  accepted: false,
  sentence: "Not done: nobody has said who it is.",
};

/** Given up while it was on its way, or after an answer was lost. */
export const PERHAPS: Answer = {
  accepted: false,
  lost: true,
  sentence:
    "It may have been done: its answer was not seen. Look at the zones, the alarms and the log before you do it again.",
};

export class Identify {
  /** What the act is, in words; "" while nothing waits. */
  words = $state("");
  /** Why the last try did not do, as a sentence. */
  sentence = $state("");
  sending = $state(false);
  /** When nobody was asked any more, by the steady clock. */
  closedMs = Number.NEGATIVE_INFINITY;
  #queue: Waiting[] = [];
  /** An answer to what stands first was lost. */
  #wasLost = false;

  /** Resolves with the answer to the act, once somebody was identified or has given up.
   * attempt: sends the act in a person's name. */
  need<T extends Answer>(words: string, attempt: (who: Person) => Promise<T>): Promise<T | Answer> {
    return new Promise((done) => {
      this.#queue.push({ words, attempt, done });
      this.#show();
    });
  }

  async tell(who: Person): Promise<void> {
    const waiting = this.#queue[0];
    if (!waiting || this.sending) return;
    if (!who.person.trim() || !who.pin) {
      this.sentence = "Give your name and your PIN.";
      return;
    }
    this.sending = true;
    const answer = await waiting.attempt({ person: who.person.trim(), pin: who.pin });
    if (this.#queue[0] !== waiting) return; // given up meanwhile
    this.sending = false;
    this.#wasLost ||= answer.lost ?? false;
    if (answer.ask === "person" || answer.lost) {
      this.sentence = answer.sentence;
      return;
    }
    this.#end(answer);
  }

  giveUp(): void {
    if (this.#queue.length) this.#end(this.sending || this.#wasLost ? PERHAPS : NOBODY);
  }

  #end(answer: Answer): void {
    this.#wasLost = false;
    this.sending = false;
    this.#queue.shift()?.done(answer);
    this.#show();
  }

  #show(): void {
    const words = this.#queue[0]?.words ?? "";
    if (words !== this.words || !words) this.sentence = "";
    if (this.words && !words) this.closedMs = performance.now();
    this.words = words;
  }
}
