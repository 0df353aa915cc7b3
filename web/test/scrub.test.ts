import { describe, expect, it } from "vitest";
import type { Account } from "../src/record/api";
import { endsOf } from "../src/record/people";
import { nextStop, shareLink, stopsOf, thenOf } from "../src/record/scrub";
import { View } from "../src/state/view.svelte";

const time = (at_s: number, step: string) => ({
  at_s,
  step,
  what: "step",
  by: "",
  text: "",
  entry: 1,
});
const account = {
  summary: { id: "INC-1" },
  alarm: { id: "A-1", open: false, times: [time(3, ""), time(9, "")] },
  zones: [
    {
      id: "apron",
      name: "Apron",
      outline: [],
      times: [time(3, "CAUTION"), time(5, "TAKE SHELTER"), time(9, "ALL CLEAR")],
      unwatched: [{ from_s: 6, until_s: 7 }],
    },
    { id: "fuel", name: "Fuel", outline: [], times: [], unwatched: [] },
  ],
  tracks: [
    { track: "1", first_seen_s: 2, ended_s: 8 },
    { track: "2", first_seen_s: 4, ended_s: null },
  ],
  timeline: [
    { happened_s: 2, text: "first seen" },
    { happened_s: 5, text: "TAKE SHELTER, apron" },
    { happened_s: null, text: "said" },
  ],
  assertions: [
    { id: "a", withdrawn: false, noun: { quantity: "Outcome of 1", value: "destroyed" } },
    { id: "b", withdrawn: false, noun: { quantity: "outcome", value: "intercepted" } },
    { id: "c", withdrawn: true, noun: { quantity: "outcome of 1", value: "landed" } },
  ],
} as unknown as Account;

describe("the scrubber", () => {
  it("stops at each moment that the watch recorded, once and in order", () => {
    expect(stopsOf(account)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const stops = stopsOf(account);
    expect([nextStop(stops, 5, 1), nextStop(stops, 5, -1)]).toEqual([6, 4]);
    expect([nextStop(stops, 9, 1), nextStop(stops, 2, -1)]).toEqual([null, null]);
  });

  it("shows zones and tracks as they stood, and nothing before it was recorded", () => {
    expect(thenOf(account, 1)).toEqual({
      steps: { apron: "", fuel: "" },
      seen: new Set(),
      ended: new Set(),
      newest: "",
    });
    const during = thenOf(account, 5);
    expect(during.steps).toEqual({ apron: "TAKE SHELTER", fuel: "" });
    expect([...during.seen]).toEqual(["1", "2"]);
    expect(during.ended.size).toBe(0);
    expect(during.newest).toBe("TAKE SHELTER, apron");
    expect(thenOf(account, 6.5).steps.apron).toBe("NOT WATCHING");
    expect(thenOf(account, 7).steps.apron).toBe("TAKE SHELTER");
    expect([...thenOf(account, 9).ended]).toEqual(["1"]);
  });
});

describe("how a track ended, according to others", () => {
  it("is what names it; what names none is of the whole; what was withdrawn is left out", () => {
    expect(endsOf(account, "1").map((row) => row.id)).toEqual(["a"]);
    expect(endsOf(account, "2")).toEqual([]);
    expect(endsOf(account, "").map((row) => row.id)).toEqual(["b"]);
  });
});

describe("the address to share", () => {
  it("leads to the page as it was known then", () => {
    const link = shareLink("https://watch.example", "/", "INC 1", 1785900000.4);
    expect(link).toBe("https://watch.example/#/incident/INC%201?known=1785900000");
    const view = new View();
    view.fromHash(link.slice(link.indexOf("#")));
    expect([view.page, view.incident, view.known]).toEqual(["incident", "INC 1", 1785900000]);
    expect(view.toHash()).toBe("#/incident/INC%201?known=1785900000");
    view.go("incident", "INC-2");
    expect(view.toHash()).toBe("#/incident/INC-2");
    expect(shareLink("a", "/", "b", null)).toBe("a/#/incident/b");
  });
});
