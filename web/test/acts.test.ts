import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Act, sendAct, sendBody, sendOnce } from "../src/state/acts";
import { Desk } from "../src/state/desk.svelte";
import { Picture } from "../src/state/picture.svelte";
import { SoundDesk } from "../src/state/sound.svelte";
import { View } from "../src/state/view.svelte";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const decide: Act = { verb: "decide", alarm: "A-1", site: "north", text: "people counted" };
const done = { ok: true, status: 200, json: async () => ({ accepted: true, sentence: "done" }) };

/** A line on which nothing comes back until it is mended; what was sent is kept. */
function brokenLine(more: { swallows: boolean }) {
  const line = { works: false, sent: [] as Record<string, unknown>[] };
  const ask = (_path: string, init: { body: string; signal: AbortSignal }) => {
    line.sent.push(JSON.parse(init.body));
    if (line.works) return Promise.resolve(done);
    if (!more.swallows) return Promise.reject(new TypeError("network"));
    return new Promise((_resolve, reject) => {
      init.signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };
  return { line, ask: ask as unknown as typeof fetch };
}

function deskAt(ask: typeof fetch): Desk {
  return new Desk(new Picture(0), new View(), new SoundDesk(), ask);
}

describe("an act on a line that swallows it", () => {
  it("is tried again after four seconds, with the same key", async () => {
    const { line, ask } = brokenLine({ swallows: true });
    const answer = sendAct({ verb: "acknowledge", alarm: "A" }, 1, ask);
    await vi.advanceTimersByTimeAsync(3900);
    expect(line.sent).toHaveLength(1);
    line.works = true;
    await vi.advanceTimersByTimeAsync(600);
    expect((await answer).accepted).toBe(true);
    expect(line.sent).toHaveLength(2);
    expect(line.sent[0]).toEqual(line.sent[1]);
  });

  it("is told to be lost within 15 s, and shown to be on its way until then", async () => {
    const { ask } = brokenLine({ swallows: true });
    const desk = deskAt(ask);
    const answer = desk.act({ verb: "acknowledge", alarm: "A" });
    await vi.advanceTimersByTimeAsync(12_000);
    expect(desk.busy).toBe(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await answer).toMatchObject({ accepted: false, lost: true });
    expect(desk.busy).toBe(0);
    expect(desk.notice?.text).toContain("may have been done or not");
  });

  it("is sent again where a proxy, or a disk that is late, answers for the service", async () => {
    const late = { ok: false, status: 504, json: async () => ({ error: "not on disk yet" }) };
    const answers = [late, done];
    const ask = async () => answers.shift();
    const answer = sendAct({ verb: "acknowledge" }, 1, ask as unknown as typeof fetch);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await answer).accepted).toBe(true);
  });
});

describe("an act whose answer was lost", () => {
  async function twice(act: Act, other: Act = act, pauseMs = 0) {
    const { line, ask } = brokenLine({ swallows: false });
    const desk = deskAt(ask);
    desk.picture.tracks.pictureS = 100;
    const first = desk.act(act);
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await first).lost).toBe(true);
    line.works = true;
    await vi.advanceTimersByTimeAsync(pauseMs);
    desk.picture.tracks.pictureS = 160;
    await desk.act({ verb: "acknowledge", alarm: "A-1" });
    await desk.act({ ...other });
    await desk.act({ ...other });
    const [again, anew] = line.sent.slice(-2);
    return { first: line.sent[0]!, again: again!, anew: anew! };
  }

  it("does not stand twice: the same asked again is the same, and only once", async () => {
    const { first, again, anew } = await twice(decide);
    expect(again).toEqual(first);
    expect(anew.key).not.toBe(first.key);
  });

  it("is not mistaken for another, nor for the same ten minutes later", async () => {
    const more = await twice(decide, { ...decide, text: "all inside" });
    expect(more.again.key).not.toBe(more.first.key);
    const later = await twice(decide, decide, 600_000);
    expect(later.again.key).not.toBe(later.first.key);
  });

  it("goes out anew where it warns: twice is better than not at all", async () => {
    const { first, again } = await twice({ verb: "release", site: "north", zones: ["apron"] });
    expect(again.key).not.toBe(first.key);
  });
});

describe("what bears no key", () => {
  it("is told to be lost after 15 s on a line that swallows it, and goes out once", async () => {
    const { line, ask } = brokenLine({ swallows: true });
    const answer = sendBody("/api/v1/users", JSON.stringify({ name: "anna" }), ask);
    await vi.advanceTimersByTimeAsync(15_100);
    expect(await answer).toMatchObject({ accepted: false, lost: true });
    expect(line.sent).toHaveLength(1);
  });

  it("goes out once on a broken line where a second one would be refused", async () => {
    const { line, ask } = brokenLine({ swallows: false });
    const answer = await sendOnce("/api/v1/site-file", "{}", ask);
    expect([answer.lost, line.sent.length]).toEqual([true, 1]);
  });
});
