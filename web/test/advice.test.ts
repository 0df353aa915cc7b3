import { expect, test } from "vitest";
import { sensorSentence } from "../src/pages/advice";
import type { SensorStatus } from "../src/wire";

const receiver: SensorStatus = {
  sensor_id: "adsb",
  kind: "adsb",
  state: "late",
  sites: [],
  heard_s: 100,
  detections: 0,
  duplicates: 0,
  frames: 12,
  rejected: {},
  clock_offset_s: null,
  coverage_s: null,
} as unknown as SensorStatus;

test("a receiver that only listens is not blamed for a sky in which nothing sends", () => {
  const said = sensorSentence(receiver, 175);
  expect(said).toContain("Late (1:15)");
  expect(said).toContain("where it only listens, nothing near it sends");
  expect(said).not.toContain("look is late");
});

const radar: SensorStatus = {
  ...receiver,
  sensor_id: "radar",
  kind: "radar",
  state: "ok",
  false_alarms: null,
  clutter_cells: 0,
  scatter: null,
  detection: null,
  range_error_m: null,
  azimuth_error_deg: null,
  elevation_error_deg: null,
  time_error_s: null,
};

test("a sensor that is as stated is heard and used", () => {
  expect(sensorSentence(radar, 101)).toBe("Heard and used.");
});

test("all in which a sensor is worse than stated is said, one after the other", () => {
  const said = sensorSentence(
    { ...radar, false_alarms: 41.7, clutter_cells: 3, scatter: 2.64, detection: 0.463 },
    101,
  );
  expect(said).toMatch(/^It reports some 42 false alarms a scan/);
  expect(said).toContain("scatter some 2.6 times as much");
  expect(said).toContain("sees some 46 % of what is there");
  expect(said).not.toContain("thick with false alarms");
  expect(sensorSentence({ ...radar, clutter_cells: 3 }, 101)).toMatch(/^Part of what it sees/);
});

test("what is taken off its reports is said with its side", () => {
  const said = sensorSentence({ ...radar, azimuth_error_deg: 0.87, range_error_m: -21.4 }, 101);
  expect(said).toBe(
    "Beside the others it is off: azimuth 0.9° too far clockwise, range 21 m too short. That is taken off its reports; level it, turn it north or measure its place anew when there is time.",
  );
});

test("one that contradicts the others is not excused by what was found of it", () => {
  const said = sensorSentence({ ...radar, state: "contradicts", scatter: 2.6 }, 101);
  expect(said).toContain("disagrees with the others");
  expect(said).not.toContain("scatter");
});
