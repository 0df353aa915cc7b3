import { expect, test } from "vitest";
import {
  asPolygon,
  handlesOf,
  isNear,
  moved,
  newVolume,
  newZone,
  outlineOf,
  type Part,
  toDegrees,
  toMetres,
  withCorner,
  withoutCorner,
  withValue,
} from "../src/pages/site/draw";

const at = { lat: 48, lon: 11 };
const square: Part = {
  id: "hall",
  polygon: [
    [11, 48],
    [11.01, 48],
    [11.01, 48.01],
    [11, 48.01],
  ],
};
const area = (points: [number, number][]) =>
  Math.abs(
    points.reduce((sum, [e, n], k) => {
      const [f, m] = points[(k + 1) % points.length]!;
      return sum + e * m - f * n;
    }, 0) / 2,
  );

test("metres and degrees go back and forth to a tenth of a metre", () => {
  for (const place of [
    [11.02, 48.03],
    [10.9, 47.9],
  ]) {
    const back = toDegrees(at, toMetres(at, place));
    expect(back[0]).toBeCloseTo(place[0]!, 6);
    expect(back[1]).toBeCloseTo(place[1]!, 6);
  }
  expect(toMetres(at, [11, 48.01])[1]).toBeCloseTo(1112, 0);
});

test("a moved corner leaves the others as they were, digit by digit", () => {
  const next = moved(square, at, 2, [900, 900]);
  const corners = next.polygon as number[][];
  expect(corners[0]).toEqual([11, 48]);
  expect(corners[3]).toEqual([11, 48.01]);
  expect(toMetres(at, corners[2]!)[0]).toBeCloseTo(900, 0);
  expect(square.polygon).not.toBe(next.polygon);
});

test("a corner comes in the middle of a side, and three are the least", () => {
  const more = withCorner(square, at, 3);
  expect(more.polygon).toHaveLength(5);
  expect((more.polygon as number[][])[4]![1]).toBeCloseTo(48.005, 5);
  let fewer = square;
  for (let k = 0; k < 5; k += 1) fewer = withoutCorner(fewer, 0);
  expect(fewer.polygon).toHaveLength(3);
});

test("a circle is moved by its middle in whole metres and becomes a polygon of its size", () => {
  const circle: Part = { id: "apron", radius_m: 400 };
  expect(handlesOf(circle, at)).toEqual([[0, 0]]);
  const away = moved(circle, at, 0, [120.4, -30.6]);
  expect(away.center_offset_m).toEqual([120, -31]);
  const polygon = asPolygon(away, at);
  expect(polygon.radius_m).toBeUndefined();
  expect(area(outlineOf(polygon, at)) / (Math.PI * 400 ** 2)).toBeGreaterThan(0.94);
});

test("a corridor has its length times its width, and keeps them when an end moves aside", () => {
  const volume = newVolume({ zones: [], volumes: [] }, at);
  expect(area(outlineOf(volume, at))).toBeCloseTo(7000 * 900, -4);
  const turned = moved(volume, at, 1, [1000, 7000]);
  expect(area(outlineOf(turned, at))).toBeCloseTo(7000 * 900, -4);
  expect(asPolygon(volume, at).polygon).toHaveLength(4);
});

test("an empty field takes a value away, and what is no number goes on as it was typed", () => {
  expect(withValue({ id: "a", floor_m: 3 }, "floor_m", " ", true)).toEqual({ id: "a" });
  expect(withValue({ id: "a" }, "floor_m", "12.5", true).floor_m).toBe(12.5);
  expect(withValue({ id: "a" }, "floor_m", "low", true).floor_m).toBe("low");
});

test("a new zone has an id that is not taken", () => {
  const zones = [newZone({ zones: [], volumes: [] })];
  expect(zones[0]!.id).toBe("zone-1");
  expect(newZone({ zones, volumes: [] }).id).toBe("zone-2");
});

test("a sensor of a site far away is not drawn on this one's map", () => {
  expect(isNear(toMetres(at, [11.5, 48.2]))).toBe(true);
  expect(isNear(toMetres(at, [12.5, 49]))).toBe(false);
});
