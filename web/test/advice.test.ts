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
