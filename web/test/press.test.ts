import { describe, expect, it } from "vitest";
import type { StandingTold } from "../src/record/api";
import { RecordDesk } from "../src/record/desk.svelte";
import { PressDraft, standsAt } from "../src/record/press.svelte";

const stands = (over: Partial<StandingTold> = {}): StandingTold => ({
  state: "",
  as_of: -1,
  not_before_s: null,
  next: ["scheduled", "embargoed", "published"],
  headline: "",
  sentences: [],
  steps: [],
  ...over,
});
const scheduled = stands({
  state: "scheduled",
  as_of: 7,
  next: ["scheduled", "embargoed", "published", "withdrawn"],
});
const embargoed = stands({ state: "embargoed", next: ["embargoed", "published", "withdrawn"] });

describe("the step of an account that somebody chose", () => {
  it("is none before anybody chose one", () => {
    const press = new PressDraft();
    press.follow(stands());
    expect(press.next).toBe("");
    press.follow(scheduled);
    expect(press.next).toBe("");
  });

  it("stays while it can be taken, whatever else may follow", () => {
    const press = new PressDraft();
    press.follow(stands());
    press.choose("embargoed");
    press.follow(scheduled);
    expect([press.next, press.why]).toEqual(["embargoed", ""]);
  });

  it("is none, with a word why, once it cannot be taken; never another", () => {
    const press = new PressDraft();
    press.follow(scheduled);
    press.choose("scheduled");
    press.follow(embargoed);
    expect(press.next).toBe("");
    expect(press.why).toContain("It is embargoed by now and cannot be scheduled any more");
    press.choose("withdrawn");
    expect(press.why).toBe("");
  });

  it("is no longer chosen once it was taken", () => {
    const press = new PressDraft();
    press.follow(stands());
    press.choose("scheduled");
    press.until = "2026-08-05T18:00";
    press.follow(scheduled);
    press.taken();
    expect([press.next, press.until]).toEqual(["", ""]);
  });

  it("is compared with what others have done since", () => {
    expect(standsAt(stands())).toBe(standsAt(stands({ headline: "a new draft" })));
    expect(standsAt(stands())).not.toBe(standsAt(scheduled));
  });
});

describe("the text for an account's readers", () => {
  const draft = (text: string) =>
    stands({ headline: text, sentences: [{ text, rests_on: ["a"] }] });

  it("follows the newest draft where nobody has written in it", () => {
    const press = new PressDraft();
    press.follow(draft("One"));
    press.follow(draft("Two"));
    expect([press.headline, press.text, press.why]).toEqual(["Two", "Two [a]", ""]);
  });

  it("that somebody is writing stays, and another's draft is told once", () => {
    const press = new PressDraft();
    press.follow(draft("One"));
    press.text = "Mine [a]";
    press.follow(draft("One"));
    expect(press.why).toBe("");
    press.follow(draft("Two"));
    expect([press.text, press.isTouched]).toEqual(["Mine [a]", true]);
    expect(press.why).toContain("Another draft was kept meanwhile");
    press.choose("published");
    press.follow(draft("Two"));
    expect(press.why).toBe("");
  });

  it("is no longer unsaved once it is the newest draft", () => {
    const press = new PressDraft();
    press.follow(stands());
    [press.headline, press.text] = ["Two drones ", "Two drones came.  [a, b]"];
    press.follow(
      stands({
        headline: "Two drones",
        sentences: [{ text: "Two drones came.", rests_on: ["a", "b"] }],
      }),
    );
    expect([press.isTouched, press.why]).toEqual([false, ""]);
  });

  it("is found again after a look at another page, each incident's and reader's its own", () => {
    const record = new RecordDesk();
    record.press("INC-1", "public").text = "Mine";
    expect(record.press("INC-1", "public").text).toBe("Mine");
    expect(record.press("INC-1", "partner").text).toBe("");
    expect(record.press("INC-2", "public").text).toBe("");
  });
});
