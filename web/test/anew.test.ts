import { describe, expect, it } from "vitest";
import { Desk } from "../src/state/desk.svelte";
import { Picture } from "../src/state/picture.svelte";
import { SoundDesk } from "../src/state/sound.svelte";
import { View } from "../src/state/view.svelte";
import { type Message, parseBinary, type TrackFrame, type TrackMeta } from "../src/wire";
import { frame } from "./frames";

const hello = () =>
  ({ type: "hello", seq: 0, version: 1, node: { sites: [] }, labels: [], ladder: [] }) as never;
const meta = (...rows: [wire: number, track_id: string][]) =>
  ({
    type: "track_meta",
    seq: 1,
    tracks: rows.map(([wire, track_id]) => ({ wire, track_id }) as TrackMeta),
  }) as Message;
const pictured = (tMs: number, ...wires: number[]) =>
  parseBinary(
    frame(
      0,
      tMs,
      wires.map((wire) => ({ wire, lat: wire, lon: wire })),
    ),
  ) as TrackFrame;

/** A desk that has seen track "70" as number 7 for a minute, and has selected it. */
function watching(): Desk {
  const desk = new Desk(new Picture(0), new View(), new SoundDesk());
  desk.take(hello(), 0);
  desk.take(meta([7, "70"], [8, "80"]), 0);
  for (let s = 0; s <= 60; s += 10) desk.takeFrame(pictured(s * 1000, 7, 8), s * 1000);
  desk.view.selected = 7;
  return desk;
}

describe("when the service tells everything anew, with other numbers", () => {
  it("nothing is selected until the same track is told, and then it is", () => {
    const desk = watching();
    desk.take(hello(), 61_000);
    expect([desk.view.selected, desk.picture.tracks.count]).toEqual([0, 0]);
    desk.take(meta([7, "80"], [3, "70"]), 61_100);
    desk.tick(61_200);
    expect(desk.view.selected).toBe(0); // it is nowhere on the map yet
    desk.takeFrame(pictured(61_000, 7, 3), 61_300);
    expect(desk.view.selected).toBe(3);
    desk.tick(61_400);
    expect(desk.view.selected).toBe(3);
  });

  it("no track goes on with the trail of another", () => {
    const desk = watching();
    const { tracks } = desk.picture;
    expect(tracks.trailCount[tracks.row(7)]).toBeGreaterThan(3);
    desk.take(hello(), 61_000);
    expect(tracks.pictureS).toBeNaN();
    desk.takeFrame(pictured(61_000, 7), 61_300);
    expect(tracks.trailCount[tracks.row(7)]).toBe(1);
  });

  it("what a person selects meanwhile stays, and nobody is surprised a minute later", () => {
    const desk = watching();
    desk.take(hello(), 61_000);
    desk.take(meta([7, "80"]), 61_100);
    desk.takeFrame(pictured(61_000, 7), 61_200);
    desk.view.selected = 7;
    desk.take(meta([3, "70"]), 61_300);
    desk.takeFrame(pictured(62_000, 7, 3), 61_400);
    expect(desk.view.selected).toBe(7);
    desk.view.selected = 0;
    desk.take(hello(), 70_000);
    desk.take(meta([3, "70"]), 131_000);
    desk.takeFrame(pictured(131_000, 3), 131_000);
    expect(desk.view.selected).toBe(0);
  });
});
