import { describe, expect, it } from "vitest";
import { BEGIN, bySite, END, isFlood, loudest, raisedLately } from "../src/state/flood";
import { Picture } from "../src/state/picture.svelte";
import type { Alarm } from "../src/wire";

const alarm = (id: string, over: Partial<Alarm> = {}): Alarm =>
  ({
    id,
    site_id: "n",
    step: "CAUTION",
    state: "unacknowledged",
    raised_s: 0,
    tracks: [id],
    closed_s: null,
    ...over,
  }) as Alarm;
const many = (n: number, over: Partial<Alarm> = {}) =>
  Array.from({ length: n }, (_, k) => alarm(`${over.site_id ?? "n"}${k}`, over));

describe("a flood of alarms", () => {
  it("counts what was raised in ten minutes, closed ones too", () => {
    const alarms = [
      alarm("1", { raised_s: 400 }),
      alarm("2", { raised_s: 401, state: "closed" }),
      alarm("3", { raised_s: 399.9 }),
      alarm("4", { raised_s: null }),
    ];
    expect(raisedLately(alarms, 1000)).toBe(1);
    expect(raisedLately(alarms, 999.9)).toBe(2);
  });

  it("begins above ten, ends below five, and does not flicker between", () => {
    expect(isFlood(false, BEGIN)).toBe(false);
    expect(isFlood(false, BEGIN + 1)).toBe(true);
    expect(isFlood(true, END)).toBe(true);
    expect(isFlood(true, END - 1)).toBe(false);
    expect(isFlood(false, END)).toBe(false);
  });

  it("is one summary a site, worst first, and loses no open alarm", () => {
    const alarms = [
      ...many(9, { site_id: "b" }),
      ...many(6, { site_id: "a", step: "MONITOR" }),
      alarm("s", { site_id: "a", step: "TAKE SHELTER", state: "acknowledged", raised_s: 50 }),
      alarm("old", { site_id: "b", raised_s: -5, state: "acknowledged" }),
      alarm("gone", { site_id: "b", state: "closed" }),
    ];
    const sites = bySite(alarms, "b7");
    expect(sites.map((s) => s.siteId)).toEqual(["a", "b"]);
    const [a, b] = sites;
    expect(a!.steps).toEqual([
      ["TAKE SHELTER", 1],
      ["MONITOR", 6],
    ]);
    expect(a!.cards.map((c) => c.id)).toEqual(["s"]); // never hidden, though acknowledged
    expect(b!.cards.map((c) => c.id)).toEqual(["b0", "b1", "b2", "b7"]); // and the current one
    expect(b!.first.id).toBe("old");
    expect([b!.open, b!.tracks]).toEqual([9, 10]);
    const told = sites.flatMap((s) => [...s.cards, ...s.folded]).map((x) => x.id);
    expect(new Set(told).size).toBe(told.length);
    expect(told).toHaveLength(alarms.length - 1);
  });

  it("sounds for the worst of each site alone", () => {
    const alarms = [
      ...many(5),
      alarm("worst", { step: "TAKE SHELTER" }),
      alarm("seen", { site_id: "m", state: "acknowledged" }),
      ...many(3, { site_id: "m" }),
    ];
    expect(loudest(alarms).map((a) => a.id)).toEqual(["worst", "m0"]);
  });

  it("is a matter of the picture's clock", () => {
    const picture = new Picture(0);
    const clock = { type: "clock", seq: 0, rate: 1, mode: "live", note: "" } as const;
    picture.take({ ...clock, now_s: 100 }, 0);
    picture.take({ type: "alarms", seq: 1, alarms: many(11, { raised_s: 90 }) }, 0);
    picture.tick(0);
    expect([picture.floods, picture.raisedLately]).toEqual([true, 11]);
    picture.tick(595_000);
    expect([picture.floods, picture.raisedLately]).toEqual([false, 0]);
  });
});
