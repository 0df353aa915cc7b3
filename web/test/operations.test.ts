import { expect, test } from "vitest";
import { arrivalOf } from "../src/state/alarms";
import { hasOperations, phraseOf, trafficLabel, volumeSentence } from "../src/state/operations";
import type {
  Alarm,
  ConflictFrame,
  NodeInfo,
  SiteInfo,
  TrackMeta,
  VolumeStatus,
  ZoneStatus,
} from "../src/wire";

const volume = (more: Partial<VolumeStatus>): VolumeStatus => ({
  site_id: "field",
  volume_id: "runway",
  state: "free",
  since_s: null,
  last_s: null,
  tracks: [],
  enters_s: null,
  p: 0,
  phrase: "",
  nature: "live",
  ...more,
});
const conflict = {
  phrase:
    "Tower, watch. Drone, track T1-02. It will be 0.2 miles from traffic T1-07 in 40 seconds.",
} as ConflictFrame;
const meta = (callsign: string) => ({ callsign }) as TrackMeta;

test("a volume is told with how long it is so", () => {
  expect(volumeSentence(volume({}), 100)).toBe("free");
  expect(volumeSentence(volume({ last_s: 40 }), 100)).toBe("free, last occupied 1:00 ago");
  expect(volumeSentence(volume({ state: "occupied", since_s: 88 }), 100)).toBe("occupied for 0:12");
  expect(volumeSentence(volume({ state: "expected", enters_s: 145 }), 100)).toBe(
    "expected in 0:45",
  );
});

test("traffic is named by the call sign that it gives itself, and said so", () => {
  expect(trafficLabel(conflict)).toBe("T1-07");
  expect(phraseOf(conflict, "T1-07", meta("SKW12 "))).toContain(
    "from traffic SKW12 (as it calls itself) in 40 seconds",
  );
});

test("words from the air that are no call sign stand in no phrase", () => {
  for (const words of ["", "land now", "<b>X</b>", "ABCDEFGHI", "A"])
    expect(phraseOf(conflict, "T1-07", meta(words))).toBe(conflict.phrase);
  expect(phraseOf(conflict, "T1-07", undefined)).toBe(conflict.phrase);
});

test("an alarm of a volume tells no arrival at a zone", () => {
  const zone = { site_id: "field", zone_id: "apron", arrival_early_s: 60, arrival_median_s: 70 };
  const zones = [{ ...zone, arrival_late_s: 80 }] as ZoneStatus[];
  const alarm = (cause: string) =>
    ({ site_id: "field", zones: [] as string[], tracks: [] as string[], cause }) as Alarm;
  expect(arrivalOf(alarm("protected volume"), zones, [], 0)).toBeNull();
  expect(arrivalOf(alarm("by hand"), zones, [], 0)).not.toBeNull();
});

test("a base without volumes has no row of operations, other profiles have", () => {
  const site = (volumes: unknown[]) => ({ volumes }) as unknown as SiteInfo;
  const node = (profile: string) => ({ profile }) as NodeInfo;
  expect(hasOperations(node("base"), site([]))).toBe(false);
  expect(hasOperations(node("base"), site([{}]))).toBe(true);
  expect(hasOperations(node("stadium"), site([]))).toBe(true);
  expect(hasOperations(null, {} as SiteInfo)).toBe(false);
});
