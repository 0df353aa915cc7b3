import { describe, expect, it } from "vitest";
import { TrackStore } from "../src/state/tracks";
import { parseBinary, type TrackFrame } from "../src/wire";
import { frame } from "./frames";

const read = (...args: Parameters<typeof frame>): TrackFrame =>
  parseBinary(frame(...args)) as TrackFrame;

describe("the track store", () => {
  it("holds what a full frame holds and nothing else", () => {
    const store = new TrackStore();
    store.apply(
      read(0, 0, [
        { wire: 1, lat: 1, lon: 1 },
        { wire: 2, lat: 2, lon: 2 },
        { wire: 3, lat: 3, lon: 3 },
      ]),
    );
    store.apply(
      read(0, 1000, [
        { wire: 3, lat: 3, lon: 3 },
        { wire: 4, lat: 4, lon: 4 },
      ]),
    );
    expect(store.count).toBe(2);
    expect([store.row(1), store.row(2)]).toEqual([-1, -1]);
    expect(store.lat[store.row(4)]).toBeCloseTo(4, 6);
  });

  it("keeps what a delta leaves out, and drops what is named", () => {
    const store = new TrackStore();
    store.apply(
      read(0, 0, [
        { wire: 1, lat: 1, lon: 1 },
        { wire: 2, lat: 2, lon: 2 },
      ]),
    );
    store.apply(read(1, 200, [{ wire: 2, lat: 2.5, lon: 2 }]));
    expect(store.count).toBe(2);
    store.drop([1, 99]);
    expect(store.count).toBe(1);
    expect(store.lat[store.row(2)]).toBeCloseTo(2.5, 6);
  });

  it("flies a row on at its own velocity while frames leave it out", () => {
    const store = new TrackStore();
    store.apply(read(0, 0, [{ wire: 1, lat: 36, lon: 44, north: 0, east: 50, eta: 600, age: 10 }]));
    store.apply(read(1, 4000, []));
    const row = store.row(1);
    // 200 m to the east at 36 degrees: 200 / (111195 cos 36) degrees.
    expect(store.lon[row]! - 44).toBeCloseTo(200 / (111195 * Math.cos((36 * Math.PI) / 180)), 6);
    expect(store.lat[row]).toBeCloseTo(36, 7);
    expect(store.arrivalS(row)).toBeCloseTo(56, 3);
    expect(store.unseenS(row)).toBeCloseTo(4.1, 3);
  });

  it("grows past its first capacity and keeps every row", () => {
    const store = new TrackStore();
    const many = Array.from({ length: 1000 }, (_, i) => ({ wire: i + 1, lat: i / 100, lon: 1 }));
    store.apply(read(0, 0, many));
    expect(store.count).toBe(1000);
    for (const wire of [1, 500, 1000])
      expect(store.lat[store.row(wire)]).toBeCloseTo((wire - 1) / 100, 5);
  });

  it("leaves a dot of its trail at equal steps of time", () => {
    const store = new TrackStore();
    for (let t = 0; t <= 60; t += 1)
      store.apply(read(0, t * 1000, [{ wire: 1, lat: t / 1000, lon: 1 }]));
    expect(store.trailCount[0]).toBe(7);
  });
});
