import { describe, expect, it, vi } from "vitest";
import { clockSpan, distance } from "../src/fmt";
import { Occupancy, place, slotOrder } from "../src/map/declutter";
import { scaleLength } from "../src/map/furniture";
import { bestColumns } from "../src/map/grid";
import { destination, mercatorX, mercatorY, wayBetween } from "../src/map/mercator";
import { actBody, newKey, sendAct } from "../src/state/acts";
import { arrivalOf, isProposed, sortAlarms, unfoldedLines, worstStep } from "../src/state/alarms";
import { freshness, ServerClock } from "../src/state/clock";
import { shortId } from "../src/state/rows";
import { View } from "../src/state/view.svelte";
import type { Alarm, Threat, ZoneStatus } from "../src/wire";

describe("the age of the picture", () => {
  it("is told in wall seconds, whatever the speed of the replay", () => {
    const clock = new ServerClock();
    clock.set(1000, 20, 5000);
    expect(clock.now(6000)).toBe(1020);
    expect(clock.ageS(980, 6000)).toBe(2);
  });

  it.each([
    [true, 0.3, 0.3, 0, "live"],
    [true, 2.1, 0.1, 0, "delayed"],
    [true, 0.1, 5.0, 0, "dead"],
    [true, 5.0, 0.1, 0, "dead"],
    [true, 0.1, 0.1, 1, "delayed"],
    [true, 0.1, 0.1, 3, "dead"],
    [false, 0, 1, 1, "waiting"],
    [false, 0, 6, 0, "dead"],
  ] as const)("picture %s, age %s, silent %s, closed %s: %s", (has, age, silent, closed, word) => {
    expect(freshness(has, age, silent, closed)).toBe(word);
  });
});

const alarm = (over: Partial<Alarm>): Alarm =>
  ({
    id: "A",
    site_id: "s",
    step: "MONITOR",
    state: "unacknowledged",
    raised_s: 0,
    zones: [],
    tracks: [],
    closed_s: null,
    ...over,
  }) as Alarm;
const zone = (over: Partial<ZoneStatus>): ZoneStatus =>
  ({
    site_id: "s",
    zone_id: "z",
    step: "QUIET",
    arrival_early_s: null,
    arrival_median_s: null,
    arrival_late_s: null,
    proposed_s: null,
    released_s: null,
    refused_by: "",
    ...over,
  }) as ZoneStatus;

describe("alarms", () => {
  it("stand by step, then by age; closed ones last", () => {
    const rows = [
      alarm({ id: "closed", step: "TAKE SHELTER", state: "closed", closed_s: 9 }),
      alarm({ id: "monitor" }),
      alarm({ id: "late", step: "CAUTION", raised_s: 5 }),
      alarm({ id: "early", step: "CAUTION", raised_s: 1 }),
      alarm({ id: "shelter", step: "TAKE SHELTER", raised_s: 8 }),
    ];
    expect(sortAlarms(rows).map((a) => a.id)).toEqual([
      "shelter",
      "early",
      "late",
      "monitor",
      "closed",
    ]);
  });

  it("fold a long playbook only while another above MONITOR waits to be seen", () => {
    const seen = { state: "acknowledged" } as const;
    const own = alarm({ id: "own", step: "CAUTION", ...seen });
    const question = alarm({ id: "question" });
    const other = alarm({ id: "other", step: "CAUTION" });
    const gone = alarm({ id: "own", step: "TAKE SHELTER", state: "returned unacknowledged" });
    expect(unfoldedLines([own, question], "own", 6)).toBe(6);
    expect(unfoldedLines([own, question, other], "own", 6)).toBe(2);
    expect(unfoldedLines([own, alarm({ ...other, ...seen })], "own", 6)).toBe(6);
    expect(unfoldedLines([gone, other], "own", 6)).toBe(0);
    expect(unfoldedLines([gone], "own", 6)).toBe(6);
  });

  it("arrive when the first of their zones is reached; never where nothing arrives", () => {
    const zones = [
      zone({ zone_id: "a", arrival_early_s: 200, arrival_median_s: 220, arrival_late_s: null }),
      zone({ zone_id: "b", arrival_early_s: 150, arrival_median_s: 190, arrival_late_s: 230 }),
    ];
    expect(arrivalOf(alarm({ zones: ["a", "b"] }), zones, [], 100)).toEqual({
      earlyS: 50,
      medianS: 90,
      lateS: 130,
    });
    expect(arrivalOf(alarm({ zones: ["a"] }), zones, [], 100)?.lateS).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(arrivalOf(alarm({ site_id: "other" }), zones, [], 100)).toBeNull();
    // "gone" and "arrives 0:05" do not go together.
    const gone = alarm({ zones: ["a"], state: "returned unacknowledged" });
    expect(arrivalOf(gone, zones, [], 100)).toBeNull();
  });

  it("of tracks arrive when the first of these does, whatever else comes to their zones", () => {
    const zones = [zone({ zone_id: "a", arrival_early_s: 150, arrival_median_s: 190 })];
    const gull = (zone_id: string, track_id: string, early: number) =>
      ({
        track_id,
        site_id: "s",
        zone_id,
        arrival_early_s: early,
        arrival_median_s: early,
      }) as Threat;
    const threats = [gull("a", "7", 150), gull("a", "9", 300), gull("b", "9", 120)];
    const of9 = alarm({ tracks: ["9"], zones: ["a"] });
    expect(arrivalOf(of9, zones, threats, 100)?.earlyS).toBe(200);
    expect(arrivalOf(of9, zones, [], 100)).toBeNull();
  });

  it("a release is proposed until it is released or refused", () => {
    expect(isProposed(zone({ proposed_s: 1 }))).toBe(true);
    expect(isProposed(zone({ proposed_s: 1, released_s: 2 }))).toBe(false);
    expect(isProposed(zone({ proposed_s: 3, released_s: 2 }))).toBe(true);
    expect(isProposed(zone({ proposed_s: 1, refused_by: "w" }))).toBe(false);
  });

  it("the chip of a site shows its worst step; NOT WATCHING is worse than MONITOR", () => {
    expect(worstStep([zone({ step: "MONITOR" }), zone({ step: "NOT WATCHING" })], "s")).toBe(
      "NOT WATCHING",
    );
    expect(worstStep([zone({ step: "TAKE SHELTER", site_id: "x" })], "s")).toBe("QUIET");
  });
});

describe("acts", () => {
  it("send a 64-bit track id as the integer that it is", () => {
    const body = actBody(
      { verb: "dispose", track: "18446744073709551615", reason: "bird" },
      "k",
      Number.NaN,
    );
    expect(body).toContain('"track":18446744073709551615');
    expect(JSON.parse(body)).toMatchObject({ verb: "dispose", key: "k", reason: "bird" });
    expect(body).not.toContain("view_s");
  });

  it("have keys that are never alike", () => {
    expect(new Set(Array.from({ length: 100 }, newKey)).size).toBe(100);
  });

  it("are tried again with the same key when the network fails", async () => {
    const bodies: string[] = [];
    const ask = vi.fn(async (_url: unknown, init?: RequestInit) => {
      bodies.push(String(init?.body));
      if (bodies.length < 2) throw new TypeError("network");
      return new Response('{"accepted":true,"sentence":"Recorded."}', { status: 200 });
    });
    const answer = await sendAct({ verb: "acknowledge", alarm: "A" }, 1, ask as typeof fetch);
    expect(answer).toEqual({ accepted: true, sentence: "Recorded." });
    expect(bodies[0]).toBe(bodies[1]);
  });

  it("show the service's sentence when refused", async () => {
    const ask = async () => new Response('{"error":"There is no alarm A-9."}', { status: 404 });
    const answer = await sendAct({ verb: "acknowledge" }, 1, ask as unknown as typeof fetch);
    expect(answer).toEqual({ accepted: false, sentence: "There is no alarm A-9." });
  });
});

describe("the view in the address", () => {
  it("comes back as it was", () => {
    const view = new View();
    view.focus = "al-asad";
    view.vectorS = 120;
    view.theme = "day";
    view.filter = "class:bird is:measured";
    view.toggle("trails");
    const again = new View();
    again.fromHash(view.toHash());
    expect(again.toHash()).toBe(view.toHash());
    expect([again.focus, again.vectorS, again.theme, again.layers.trails]).toEqual([
      "al-asad",
      120,
      "day",
      false,
    ]);
  });

  it("is not led astray by nonsense", () => {
    const view = new View();
    view.fromHash("#/watch?v=999&theme=pink");
    expect([view.vectorS, view.theme]).toEqual([60, "night"]);
  });
});

describe("the map", () => {
  it("what must be named stands farther out in a crowd, not over another name", () => {
    const grid = new Occupancy(900, 700);
    const spots = Array.from({ length: 12 }, (_, k) =>
      place(grid, slotOrder(undefined, 50), 450 + k, 350 + k, 110, 42, 12, true),
    );
    for (const [k, a] of spots.entries()) {
      expect(a).not.toBeNull();
      for (const b of spots.slice(k + 1))
        expect(Math.abs(a!.x - b!.x) >= 110 || Math.abs(a!.y - b!.y) >= 42).toBe(true);
    }
    expect(spots[0]!.gap).toBe(12);
    expect(Math.max(...spots.map((spot) => spot!.gap))).toBeGreaterThan(12);
    // What may go unnamed does.
    expect(place(grid, slotOrder(undefined, 50), 455, 355, 110, 42, 12, false)).toBeNull();
  });

  it("labels never lie on each other or outside", () => {
    const grid = new Occupancy(200, 120);
    const boxes: { x: number; y: number }[] = [];
    for (let i = 0; i < 60; i += 1) {
      const spot = place(
        grid,
        slotOrder(undefined, i * 40),
        20 + ((i * 37) % 160),
        20 + ((i * 23) % 80),
        40,
        14,
        10,
        false,
      );
      if (spot) boxes.push(spot);
    }
    expect(boxes.length).toBeGreaterThan(3);
    for (const a of boxes) {
      expect(a.x >= 0 && a.y >= 0 && a.x + 40 <= 200 && a.y + 14 <= 120).toBe(true);
      for (const b of boxes) {
        if (a !== b) expect(Math.abs(a.x - b.x) >= 40 || Math.abs(a.y - b.y) >= 14).toBe(true);
      }
    }
  });

  it("a label keeps its place while that is free", () => {
    expect(slotOrder(3, 90)[0]).toBe(3);
    expect(new Set(slotOrder(undefined, 123)).size).toBe(8);
  });

  it("distances and destinations agree with each other and with a degree of latitude", () => {
    expect(wayBetween(0, 0, 1, 0).distanceM).toBeCloseTo(111195.08, 1);
    const [lat, lon] = destination(33.7856, 42.4412, 240, 25_000);
    const back = wayBetween(33.7856, 42.4412, lat, lon);
    expect(back.distanceM).toBeCloseTo(25_000, 3);
    expect(back.azimuthDeg).toBeCloseTo(240, 6);
  });

  it("projects as EPSG:3857 does", () => {
    // EPSG guidance note 7-2, popular visualisation pseudo-Mercator: 24 22 54.433 N, 100 20 00 W.
    expect(mercatorX(-100.3333333)).toBeCloseTo(-11169055.58, 0);
    expect(mercatorY(24.3817869)).toBeCloseTo(2800000.0, 0);
  });

  it("scale bars are round", () => {
    expect([500, 1000, 2000, 5000, 10000]).toContain(scaleLength(60, 34, 110));
  });

  it("panes lie so that the shorter side is the longest", () => {
    expect(bestColumns(2, 1200, 900)).toBe(2);
    expect(bestColumns(2, 500, 900)).toBe(1);
    expect(bestColumns(4, 1000, 1000)).toBe(2);
  });
});

describe("words", () => {
  it("spans and heights read as people say them", () => {
    expect([
      clockSpan(8),
      clockSpan(192.9),
      clockSpan(3723),
      clockSpan(null),
      clockSpan(Infinity),
    ]).toEqual(["0:08", "3:12", "1:02:03", "–", "–"]);
    expect([distance(243), distance(9812)]).toEqual(["240 m", "9.8 km"]);
  });

  it("an id is short and says its site", () => {
    expect(shortId(String((1n << 48n) | (1n << 40n) | 7n))).toBe("T2-07");
  });
});
