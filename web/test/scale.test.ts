import { describe, expect, it } from "vitest";
import { drawScale } from "../src/map/furniture";
import { seat } from "../src/state/seat.svelte";

/** A canvas that notes where words were put, at six pixels a letter. */
function canvas() {
  const words: { text: string; x: number; y: number }[] = [];
  const nothing = () => {};
  const ctx = {
    save: nothing,
    restore: nothing,
    beginPath: nothing,
    moveTo: nothing,
    lineTo: nothing,
    stroke: nothing,
    fillRect: nothing,
    measureText: (text: string) => ({ width: 6 * text.length }),
    fillText: (text: string, x: number, y: number) => words.push({ text, x, y }),
  };
  return { ctx: ctx as unknown as CanvasRenderingContext2D, words };
}
const palette = { bg: "#000", text: "#fff", muted: "#888" } as never;
const window = { width: 400, height: 300, resolution: 100 } as never;

describe("the scale bar", () => {
  it("counts in the units of the seat", () => {
    const { ctx, words } = canvas();
    for (const units of ["metric", "nautical", "imperial"] as const) {
      seat.units = units;
      drawScale(ctx, window, palette, 0, "");
    }
    seat.units = "metric";
    // 110 px at 100 m: at most 11 km, 5.9 NM, 6.8 mi.
    expect(words.map((one) => one.text)).toEqual(["10 km", "5 NM", "5 mi"]);
  });
});

describe("the speed of the rings", () => {
  it("stands beside the scale bar, or above it where something covers the foot", () => {
    const { ctx, words } = canvas();
    drawScale(ctx, window, palette, 0, "rings at 50 m/s");
    const [bar, beside] = words.splice(0);
    expect(beside!.y).toBe(bar!.y);
    expect(beside!.x).toBeGreaterThan(bar!.x + 6 * bar!.text.length);
    drawScale(ctx, window, palette, 0, "rings at 50 m/s", 200);
    const [, above] = words;
    expect(above!.y).toBeLessThan(bar!.y - 10);
    expect(above!.x + 6 * above!.text.length).toBeLessThan(200);
  });
});
