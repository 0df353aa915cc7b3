import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Playback } from "../src/state/playback.svelte";

const T0 = 1_800_000_000;

/** A socket that the test plays the service of. */
class Line {
  static readonly OPEN = 1;
  static all: Line[] = [];
  readyState = 0;
  said: { at_s?: number | null; rate?: number }[] = [];
  onopen = () => {};
  onmessage = (_: { data: unknown }) => {};
  onclose: ((event: { reason: string; code: number }) => void) | null = null;
  constructor() {
    Line.all.push(this);
  }
  send(text: string): void {
    this.said.push(JSON.parse(text));
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = Line.OPEN;
    this.onopen();
  }
  tell(type: string, more: object = {}): void {
    this.onmessage({ data: JSON.stringify({ type, seq: 0, ...more }) });
  }
  end(code: number, reason: string): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}
const line = () => Line.all.at(-1)!;
const clock = (now_s: number) => ({ now_s, rate: 1, mode: "replay", note: "" });
const hello = { node: { sites: [], mode: "replay" }, version: 1 };
const span = { begin_s: T0, end_s: T0 + 3600, marks: [] };

/** A look back that shows T0 + 60. */
function looking(): Playback {
  const playback = new Playback("ws://here/api/v1/playback", T0 + 60, () => {});
  playback.socket.start();
  line().open();
  line().tell("playback", span);
  line().tell("hello", hello);
  line().tell("clock", clock(T0 + 60));
  playback.picture.tick(performance.now());
  return playback;
}

beforeEach(() => {
  vi.useFakeTimers();
  Line.all = [];
  vi.stubGlobal("WebSocket", Line);
  vi.stubGlobal("window", globalThis);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("where one wants to be", () => {
  it("is not lost where it is wished for just before the place before is reached", () => {
    const playback = looking();
    playback.seek(T0 + 600);
    vi.advanceTimersByTime(150);
    playback.seek(T0 + 1200);
    line().tell("hello", hello);
    expect(playback.atS).toBe(T0 + 1200);
    vi.advanceTimersByTime(150);
    expect(line().said.map((order) => order.at_s)).toEqual([T0 + 60, T0 + 600, T0 + 1200]);
    line().tell("hello", hello);
    expect(playback.wantedS).toBeNaN();
  });

  it("is where a broken line goes on, and not where the way there had led to", () => {
    const playback = looking();
    playback.seek(T0 + 1800);
    vi.advanceTimersByTime(150);
    line().tell("clock", clock(T0 + 900));
    line().end(1006, "");
    vi.advanceTimersByTime(1000);
    line().open();
    expect(line().said[0]?.at_s).toBe(T0 + 1800);
    expect(playback.atS).toBe(T0 + 1800);
  });

  it("holds while the journal is opened, before its span is known", () => {
    const playback = new Playback("ws://here/api/v1/playback", T0 + 60, () => {});
    playback.socket.start();
    line().open();
    expect([line().said[0]?.at_s, playback.atS]).toEqual([T0 + 60, T0 + 60]);
    playback.seek(playback.atS + 10);
    vi.advanceTimersByTime(150);
    expect(line().said[1]?.at_s).toBe(T0 + 70);
  });
});

describe("a look back that cannot go on", () => {
  it("says why and waits, instead of joining for ever", () => {
    const playback = looking();
    line().tell("problem", { sentence: "there is no snapshot from which that could be played" });
    line().end(1011, "the playback has ended; the log of the service says why");
    vi.advanceTimersByTime(60_000);
    expect(Line.all).toHaveLength(1);
    expect([playback.ended, playback.picture.connection]).toEqual([true, "closed"]);
    expect(playback.problem).toContain("no snapshot");
    playback.tryAgain();
    line().open();
    expect([playback.ended, playback.problem, Line.all.length]).toEqual([false, "", 2]);
    expect(line().said[0]?.at_s).toBe(T0 + 60);
  });

  it("says what the service said where it came to an end without a word", () => {
    const playback = looking();
    line().end(1011, "the playback has ended");
    vi.advanceTimersByTime(60_000);
    expect([Line.all.length, playback.problem]).toEqual([1, "the playback has ended"]);
  });

  it("joins again where the line broke, and gives a process its time to start", () => {
    looking();
    line().end(1006, "");
    vi.advanceTimersByTime(1000);
    expect(Line.all).toHaveLength(2);
    line().open();
    vi.advanceTimersByTime(25_000);
    expect(Line.all).toHaveLength(2);
  });
});
