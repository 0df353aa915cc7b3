import { describe, expect, it } from "vitest";
import { LETTER_PX, type Named, placeNames } from "../src/pages/site/labels";

const mark = (words: string, x: number, y: number): Named => ({
  words,
  x,
  y,
  dx: 5,
  dy: 5,
  must: false,
});

/** A letter is no wider than 0.6 of its height. */
function box(words: string, at: { x: number; y: number; anchor: string }) {
  const width = 0.6 * LETTER_PX * words.length;
  const left = at.anchor === "start" ? at.x : at.anchor === "end" ? at.x - width : at.x - width / 2;
  return { left, right: left + width, top: at.y - LETTER_PX, foot: at.y + 0.3 * LETTER_PX };
}

describe("names on the map of the site page", () => {
  it("do not lie over each other, over a mark or beyond the edge, however many there are", () => {
    for (let seed = 1; seed < 40; seed++) {
      let state = seed;
      const draw = () => {
        state = (state * 48271) % 2147483647;
        return state / 2147483647;
      };
      const names = Array.from({ length: 12 }, (_, k) =>
        mark(`sensor-${k}`, 300 * draw(), 200 * draw()),
      );
      const shown = placeNames(names, 300).flatMap((at, k) =>
        at ? [box(names[k]!.words, at)] : [],
      );
      expect(shown.length).toBeGreaterThan(2);
      shown.forEach((a, i) => {
        expect(a.left).toBeGreaterThanOrEqual(0);
        expect(a.right).toBeLessThanOrEqual(300);
        for (const b of shown.slice(i + 1))
          expect(a.right <= b.left || b.right <= a.left || a.foot <= b.top || b.foot <= a.top).toBe(
            true,
          );
        for (const m of names)
          expect(
            a.right <= m.x - 5 || m.x + 5 <= a.left || a.foot <= m.y - 5 || m.y + 5 <= a.top,
          ).toBe(true);
      });
    }
  });

  it("a zone is named in any case, a sensor only where there is room", () => {
    const crowd = [0, 1, 2, 3, 4, 5].map((k) => mark("camera", 100 + k, 100));
    const zones = [
      { ...mark("Flight line", 100, 100), must: true },
      { ...mark("Living area", 100, 100), must: true },
    ];
    const told = placeNames([...zones, ...crowd], 300);
    expect(told.slice(0, 2)).not.toContain(null);
    expect(told.slice(2)).toContain(null);
  });
});
