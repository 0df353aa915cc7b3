import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Review } from "../src/record/review.svelte";

const item = (id: string, state = "open") => ({ id, state, verb: "assert", body: {}, span: {} });

/** A service that holds one article of three items. */
function oneArticle(): void {
  const items = [item("a1"), item("a2"), item("a3")];
  const page = () => ({
    proposal: { id: "IMP", revision: 0, rows: [], items: items.map((one) => ({ ...one })) },
    recorded: [],
    acts: {},
    order: {},
  });
  vi.stubGlobal("fetch", async (_path: string, init?: { method?: string; body?: string }) => {
    if (init?.method === "POST") items[0]!.state = "rejected";
    return { ok: true, status: 200, json: async () => page() };
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the item at hand", () => {
  it("is new for a moment where the page itself went on to it, so that no bounced key acts", async () => {
    oneArticle();
    const review = new Review();
    await review.load("IMP");
    expect([review.current, review.isNew]).toEqual(["a1", false]);
    await review.reject();
    expect([review.current, review.isNew]).toEqual(["a2", true]);
    vi.advanceTimersByTime(301);
    expect(review.isNew).toBe(false);
  });

  it("is not new to who has moved to it", async () => {
    oneArticle();
    const review = new Review();
    await review.load("IMP");
    await review.reject();
    review.step(1);
    expect([review.current, review.isNew]).toEqual(["a3", false]);
  });
});

describe("an article that is sent without an answer", () => {
  it("is told to be lost: nobody knows whether it was imported", async () => {
    vi.stubGlobal(
      "fetch",
      (_path: string, init: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          init.signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    const review = new Review();
    const made = review.add("words", "pasted text");
    await vi.advanceTimersByTimeAsync(61_000);
    expect(await made).toBe("");
    expect(review.problem).toContain("may have been done or not");
    expect(review.busy).toBe(false);
  });
});
