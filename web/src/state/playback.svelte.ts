// A look back: the watch as it was, on a picture and a desk of its own. The live picture, its
// alarms and its sound go on beside it; nothing can be done to the past.

import { LiveSocket, type Sink } from "../live";
import type { Mark } from "../wire";
import { Desk } from "./desk.svelte";
import { Picture } from "./picture.svelte";
import { SoundDesk } from "./sound.svelte";
import { View } from "./view.svelte";

export const RATES = [0.5, 1, 2, 5, 10, 20, 60] as const;
export const STEP_S = 10;
const SETTLE_MS = 150;
/** The process that plays has to start first, and lets the watch go before. */
const SILENCE_MS = 30_000;
/** Close codes after which the same order would come to the same end (playback.py). */
const ENDS: readonly number[] = [1011, 4400];
const REFUSED =
  "This is a look back: nothing can be done to the past. Z leads back to the watch as it is.";

export class Playback {
  readonly picture = new Picture(performance.now());
  readonly view = new View();
  readonly desk: Desk;
  beginS = $state(Number.NaN);
  endS = $state(Number.NaN);
  marks = $state.raw<Mark[]>([]);
  playing = $state(true);
  rate = $state(1);
  /** Where a person wants to be and the picture is not yet; NaN: nowhere else. */
  wantedS = $state(Number.NaN);
  problem = $state("");
  /** It has come to an end by itself: it is not joined again until somebody asks for that. */
  ended = $state(false);
  readonly socket: LiveSocket;
  #startS: number;
  #timer = 0;

  constructor(url: string, startS: number, drawn: () => void) {
    this.#startS = startS;
    this.wantedS = startS;
    const refuse = () =>
      Promise.resolve(new Response(JSON.stringify({ error: REFUSED }), { status: 409 }));
    this.desk = new Desk(this.picture, this.view, new SoundDesk(), refuse);
    const sink: Sink = {
      opened: () => {
        this.picture.opened();
        this.problem = "";
        const at_s = Number.isFinite(this.wantedS) ? this.wantedS : this.#startS;
        this.#order({ at_s, rate: this.playing ? this.rate : 0 });
      },
      closed: (wallMs, reason, code) => {
        this.picture.closed(wallMs);
        if (reason) this.problem = reason;
        if (ENDS.includes(code)) this.#end();
      },
      problem: (sentence) => this.picture.problem(sentence),
      take: (message, wallMs) => {
        if (message.type === "playback") {
          this.beginS = message.begin_s;
          this.endS = message.end_s;
          this.marks = message.marks;
          return;
        }
        if (message.type === "problem") {
          this.problem = message.sentence;
          this.picture.closed(wallMs);
          this.#end();
        }
        // A wish that still waits to be sent is not what has been reached.
        if (message.type === "hello" && !this.#timer) this.wantedS = Number.NaN;
        this.desk.take(message, wallMs);
        if (message.type === "hello") drawn();
        if (message.type === "clock") this.#startS = message.now_s;
      },
      takeFrame: (frame, wallMs) => {
        this.desk.takeFrame(frame, wallMs);
        drawn();
      },
    };
    this.socket = new LiveSocket(url, sink, () => {}, SILENCE_MS);
  }

  /** What the bar shows: where one wants to be, else where the picture is. */
  get atS(): number {
    return Number.isFinite(this.wantedS) ? this.wantedS : this.picture.nowS;
  }

  toggle(): void {
    this.playing = !this.playing;
    this.#order({ rate: this.playing ? this.rate : 0 });
  }

  setRate(rate: number): void {
    this.rate = rate;
    this.playing = true;
    this.#order({ rate });
  }

  /** Go there; a slider that is dragged asks often, and the last wish counts. */
  seek(atS: number): void {
    if (!Number.isFinite(atS)) return;
    const hasSpan = Number.isFinite(this.beginS);
    const at_s = hasSpan ? Math.min(Math.max(atS, this.beginS), this.endS) : atS;
    this.wantedS = at_s;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#order({ at_s, rate: this.playing ? this.rate : 0 });
    }, SETTLE_MS) as unknown as number;
  }

  /** Once more, from where one wanted to be. */
  tryAgain(): void {
    this.ended = false;
    this.problem = "";
    this.socket.start();
  }

  /** The event before or after; a little before it, so that one sees it come. */
  seekMark(by: 1 | -1): void {
    const lead = 3;
    const times = this.marks.map((mark) => mark.at_s - lead);
    const next =
      by > 0
        ? times.find((t) => t > this.atS + 0.5)
        : times.filter((t) => t < this.atS - 1.5).at(-1);
    if (next !== undefined) this.seek(next);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.socket.stop();
  }

  #end(): void {
    this.ended = true;
    this.socket.stop();
  }

  #order(order: { at_s?: number; rate?: number }): void {
    this.socket.say(JSON.stringify(order));
  }
}
