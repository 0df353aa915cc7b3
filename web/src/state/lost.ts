// Acts whose answer was lost: each may have been done. The same asked again within ten minutes
// goes out with the same key, so that it cannot stand twice.

import { type Act, type Answer, WRITTEN } from "./acts";
import { NOBODY } from "./identify.svelte";

const LOST_MS = 600_000;

/** What goes out the same however often it is tried. */
export interface Sent {
  key: string;
  viewS: number;
  /** When it was sent first, by the steady clock. */
  atMs: number;
}

export class LostActs {
  readonly #sent = new Map<string, Sent>();

  /** What the same act was sent with, where nobody knows whether it was done. */
  before(act: Act): Sent | undefined {
    for (const [text, { atMs }] of this.#sent)
      if (performance.now() - atMs >= LOST_MS) this.#sent.delete(text);
    return this.#sent.get(JSON.stringify(act));
  }

  /** Take note of what a person is told about an act. */
  keep(act: Act, sent: Sent, answer: Answer): Answer {
    if (answer.lost && WRITTEN.has(act.verb)) this.#sent.set(JSON.stringify(act), sent);
    else if (answer !== NOBODY) this.#sent.delete(JSON.stringify(act));
    return answer;
  }
}
