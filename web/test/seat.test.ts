import { afterEach, expect, test } from "vitest";
import { clockTime, distance, height, speed, speedNumber } from "../src/fmt";
import { seat } from "../src/state/seat.svelte";

afterEach(() => seat.load('{"units":"metric","clock":"UTC","singleKeys":true,"theme":""}'));

test("a number is written in the units of the seat", () => {
  expect([distance(1240), height(310), speed(41)]).toEqual(["1240 m", "310 m", "41 m/s"]);
  seat.units = "nautical";
  // 1,852 m a nautical mile, 0.3048 m a foot, exact.
  expect([distance(926), distance(3704), height(304.8), speed(51.44)]).toEqual([
    "0.50 NM",
    "2.0 NM",
    "1000 ft",
    "100 kt",
  ]);
  seat.units = "imperial";
  expect([distance(914.4), distance(3218.688), speedNumber(44.704)]).toEqual([
    "1000 yd",
    "2.0 mi",
    "100",
  ]);
  expect([distance(Number.NaN), height(Number.NaN), speed(Number.NaN)]).toEqual(["–", "–", "–"]);
});

test("the clock of the seat says which it is", () => {
  expect(clockTime(0)).toBe("00:00:00Z");
  seat.clock = "local";
  expect(clockTime(0)).toMatch(/^\d\d:\d\d:\d\d local$/);
  expect(clockTime(Number.NaN)).toBe("--:--:--Z");
});

test("what was kept comes back, and what was kept wrongly is left out", () => {
  seat.units = "nautical";
  seat.theme = "day";
  seat.singleKeys = false;
  const kept = seat.text();
  seat.load('{"units":"metric","theme":"","singleKeys":true}');
  seat.load(kept);
  expect([seat.units, seat.theme, seat.singleKeys]).toEqual(["nautical", "day", false]);
  for (const broken of [null, "", "[", '{"units":"furlongs","clock":7,"singleKeys":"no"}'])
    seat.load(broken);
  expect([seat.units, seat.clock, seat.singleKeys]).toEqual(["nautical", "UTC", false]);
});
