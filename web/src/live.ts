// The live socket: joins, reads, and joins again with a growing pause. It knows frames and no
// state; what it reads goes to the sink.

import { type Message, parseBinary, parseText, type TrackFrame } from "./wire";

export interface Sink {
  opened(): void;
  /** reason: what the service said when it closed, "" where it said nothing; code: its close
   * code, 1006 where the line broke. */
  closed(wallMs: number, reason: string, code: number): void;
  problem(sentence: string): void;
  take(message: Message, wallMs: number): void;
  takeFrame(frame: TrackFrame, wallMs: number): void;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
/** An open socket that says nothing for this long is given up: a dead peer sends no close. */
const SILENCE_MS = 10_000;
/** Close code of a line that broke (RFC 6455, 7.4.1). */
const BROKEN = 1006;

export class LiveSocket {
  #socket: WebSocket | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #heardMs = 0;
  #stopped = false;
  #timer = 0;
  #watch = 0;

  constructor(
    readonly url: string,
    readonly sink: Sink,
    readonly onRefused: () => void = () => {},
    readonly silenceMs: number = SILENCE_MS,
  ) {}

  start(): void {
    this.stop();
    this.#stopped = false;
    this.#watch = window.setInterval(() => this.#giveUpIfSilent(), 1000);
    this.#join();
  }

  stop(): void {
    this.#stopped = true;
    window.clearTimeout(this.#timer);
    window.clearInterval(this.#watch);
    this.#socket?.close();
  }

  /** Send a text; false where there is no open connection. */
  say(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  #join(): void {
    const socket = new WebSocket(this.url);
    let opened = false;
    this.#socket = socket;
    this.#heardMs = performance.now();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      opened = true;
      this.sink.opened();
    };
    socket.onmessage = (event) => this.#read(event.data);
    socket.onclose = (event) => {
      if (this.#socket !== socket || this.#stopped) return;
      this.#socket = null;
      this.sink.closed(performance.now(), event.reason, event.code);
      if (this.#stopped) return;
      if (!opened) this.onRefused();
      this.#joinLater();
    };
  }

  #joinLater(): void {
    // Up to a fifth more, so that viewers do not all come back in the same instant.
    const spread = 1 + Math.random() * 0.2;
    this.#timer = window.setTimeout(() => this.#join(), this.#pauseMs * spread);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 1.7);
  }

  #read(data: unknown): void {
    const wallMs = performance.now();
    this.#heardMs = wallMs;
    this.#pauseMs = FIRST_PAUSE_MS;
    const parsed = typeof data === "string" ? parseText(data) : parseBinary(data as ArrayBuffer);
    if (typeof parsed === "string") this.sink.problem(parsed);
    else if ("view" in parsed) this.sink.takeFrame(parsed, wallMs);
    else this.sink.take(parsed, wallMs);
  }

  #giveUpIfSilent(): void {
    const socket = this.#socket;
    if (!socket || performance.now() - this.#heardMs < this.silenceMs) return;
    this.#socket = null;
    socket.onclose = null;
    socket.close();
    this.sink.closed(performance.now(), "", BROKEN);
    this.#joinLater();
  }
}
