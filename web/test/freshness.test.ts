import { describe, expect, it } from "vitest";
import { ServerClock } from "../src/state/clock";
import { Picture } from "../src/state/picture.svelte";
import { type Message, parseBinary, type TrackFrame } from "../src/wire";
import { frame } from "./frames";

const T0 = 1_800_000_000;
const clock = (now_s: number, more: object = {}) =>
  ({ type: "clock", seq: 1, now_s, rate: 1, mode: "live", note: "", ...more }) as Message;
const pictured = (atS: number) => parseBinary(frame(0, atS * 1000, [])) as TrackFrame;

/** What the screen says after the service has told its clock at these steady times (s). */
function told(picture: Picture, clocks: [atS: number, nowS: number][], more: object = {}) {
  const words: string[] = [];
  for (const [atS, nowS] of clocks) {
    picture.take(clock(nowS, more), atS * 1000);
    picture.tick(atS * 1000);
    words.push(picture.fresh);
  }
  return words;
}

function opened(): Picture {
  const picture = new Picture(0);
  picture.opened();
  return picture;
}

describe("a picture that no longer comes is told within 5 s", () => {
  it("while the clock of the service goes on as it should", () => {
    const picture = opened();
    told(picture, [[0, T0]]);
    picture.takeFrame(pictured(T0), 100);
    expect(
      told(picture, [
        [1, T0 + 1],
        [3, T0 + 3],
        [5.1, T0 + 5.1],
      ]),
    ).toEqual(["live", "delayed", "dead"]);
  });

  it("when the machine's clock was set back by a minute", () => {
    const picture = opened();
    told(picture, [[0, T0]]);
    picture.takeFrame(pictured(T0), 100);
    expect(
      told(picture, [
        [1, T0 - 59],
        [3, T0 - 57],
        [5.2, T0 - 54.8],
      ]),
    ).toEqual(["live", "delayed", "dead"]);
    expect(picture.ageS).toBeCloseTo(5.1);
  });

  it("when the service's time stands still", () => {
    const picture = opened();
    picture.takeFrame(pictured(T0), 100);
    expect(
      told(
        picture,
        [0.5, 1.5, 3, 5.2].map((s) => [s, T0]),
      ).at(-1),
    ).toBe("dead");
  });

  it("before the first picture, however often the clock is told", () => {
    const picture = opened();
    const seconds = [0.7, 1.4, 2.1, 2.8, 3.5, 4.2, 4.9, 5.6];
    const words = told(
      picture,
      seconds.map((s) => [s, T0 + s]),
    );
    expect(words.slice(0, -1).every((word) => word === "waiting")).toBe(true);
    expect(words.at(-1)).toBe("dead");
  });

  it("and is live again with the next one; a look back that stands is never old", () => {
    const picture = opened();
    told(picture, [
      [0, T0],
      [9, T0 + 9],
    ]);
    picture.takeFrame(pictured(T0 + 9), 9000);
    expect(told(picture, [[9.1, T0 + 9.1]])).toEqual(["live"]);
    expect(told(picture, [[60, T0 + 9]], { rate: 0, mode: "replay" })).toEqual(["live"]);
  });
});

describe("a delay on the line", () => {
  it("is seen: clock and picture that come six seconds late do not look fresh", () => {
    const picture = opened();
    told(picture, [[0, T0]]);
    // Nothing for six seconds, then all of it, and from then on everything as late.
    for (const s of [1, 2, 3, 4, 5, 6]) {
      picture.take(clock(T0 + s), 1000 * (s + 6));
      picture.takeFrame(pictured(T0 + s), 1000 * (s + 6));
    }
    picture.tick(12_000);
    expect(picture.fresh).toBe("dead");
    expect(picture.ageS).toBeGreaterThan(5.5);
  });

  it("is no drift of clocks, and is forgotten with the connection", () => {
    const drifting = new ServerClock();
    for (let s = 0; s <= 86_400; s += 1) drifting.follow(T0 + s * 0.9999, 1, s * 1000);
    expect(drifting.now(86_400_000)).toBeCloseTo(T0 + 86_400 * 0.9999, 1);
    const late = new ServerClock();
    late.follow(T0, 1, 0);
    late.follow(T0 + 1, 1, 7000);
    expect(late.now(7000)).toBeGreaterThan(T0 + 6.9);
    late.forget();
    late.follow(T0 + 2, 1, 8000);
    expect(late.now(8000)).toBe(T0 + 2);
  });

  it("is not taken for one where a look back falls behind", () => {
    const picture = opened();
    told(picture, [[0, T0]], { rate: 20, mode: "replay" });
    told(picture, [[1, T0 + 5]], { rate: 20, mode: "replay" });
    expect(picture.nowS).toBe(T0 + 5);
  });
});
