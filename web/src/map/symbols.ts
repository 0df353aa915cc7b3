// The glyphs of tracks. The frame's shape says the class, as MIL-STD-2525 frames say an
// identity: an angular house for drones, lobes for unknown, an arch for aircraft, a disc for
// birds, a square for the rest. Filled: measured. Outline with a gap: declared by itself.
// Hollow and dashed: coasted. Colour only repeats what the shape says.

import { Flag } from "../wire";
import { faded, type Palette, trackColour } from "./palette";

export const SYMBOL_PX = 26;
const HALF = SYMBOL_PX / 2;

type Shape = "house" | "lobes" | "arch" | "disc" | "square";

export function shapeOf(label: string): Shape {
  if (label.startsWith("drone")) return "house";
  switch (label) {
    case "unknown":
      return "lobes";
    case "aircraft":
      return "arch";
    case "bird":
      return "disc";
    default:
      return "square";
  }
}

function framePath(shape: Shape): Path2D {
  const path = new Path2D();
  switch (shape) {
    case "house":
      path.moveTo(-7, 7);
      path.lineTo(-7, -2);
      path.lineTo(0, -9);
      path.lineTo(7, -2);
      path.lineTo(7, 7);
      path.closePath();
      break;
    case "lobes":
      path.arc(-3.6, -3.2, 4.4, Math.PI * 0.75, Math.PI * 1.72);
      path.arc(3.6, -3.2, 4.4, Math.PI * 1.28, Math.PI * 2.25);
      path.arc(3.6, 3.6, 4.4, Math.PI * 1.75, Math.PI * 2.72);
      path.arc(-3.6, 3.6, 4.4, Math.PI * 0.28, Math.PI * 1.25);
      path.closePath();
      break;
    case "arch":
      path.moveTo(-7, 7);
      path.lineTo(-7, -1);
      path.arc(0, -1, 7, Math.PI, 0);
      path.lineTo(7, 7);
      path.closePath();
      break;
    case "disc":
      path.arc(0, 0, 4.5, 0, Math.PI * 2);
      break;
    case "square":
      path.rect(-6, -6, 12, 12);
      break;
  }
  return path;
}

function drawGlyph(ctx: CanvasRenderingContext2D, label: string): void {
  ctx.beginPath();
  switch (label) {
    case "drone_multirotor":
      ctx.moveTo(-3.4, -2.6);
      ctx.lineTo(3.4, 4.2);
      ctx.moveTo(3.4, -2.6);
      ctx.lineTo(-3.4, 4.2);
      break;
    case "drone_fixed_wing":
      ctx.moveTo(-4.4, 3.2);
      ctx.lineTo(0, -3.2);
      ctx.lineTo(4.4, 3.2);
      ctx.lineTo(0, 1.2);
      ctx.closePath();
      break;
    case "drone":
      ctx.moveTo(-3.6, 0.8);
      ctx.lineTo(3.6, 0.8);
      break;
    case "aircraft":
      ctx.moveTo(0, -5);
      ctx.lineTo(0, 4.6);
      ctx.moveTo(-4.6, 1);
      ctx.lineTo(0, -1.6);
      ctx.lineTo(4.6, 1);
      ctx.moveTo(-2, 5);
      ctx.lineTo(2, 5);
      break;
    case "unknown":
      ctx.arc(0, -1, 2.4, Math.PI, Math.PI * 2.35);
      ctx.lineTo(0, 2.2);
      ctx.moveTo(0, 4);
      ctx.lineTo(0, 4.4);
      break;
    case "bird":
      ctx.moveTo(-2.4, -0.8);
      ctx.lineTo(0, 1.2);
      ctx.lineTo(2.4, -0.8);
      break;
    default:
      ctx.moveTo(-2, 0);
      ctx.lineTo(2, 0);
  }
  ctx.stroke();
}

/** Sprites by look; one canvas each, drawn once a theme and pixel ratio. */
export class Symbols {
  readonly #cache = new Map<string, HTMLCanvasElement>();

  constructor(
    readonly palette: Palette,
    readonly ratio: number,
  ) {}

  get(label: string, flags: number): HTMLCanvasElement {
    const look =
      flags & Flag.TENTATIVE
        ? "tentative"
        : flags & Flag.COASTED
          ? "coasted"
          : flags & Flag.DECLARED
            ? "declared"
            : flags & Flag.SYSTEM
              ? "system"
              : "measured";
    const known = (flags & Flag.COOPERATIVE) !== 0;
    const key = `${label} ${look} ${known}`;
    let sprite = this.#cache.get(key);
    if (!sprite) {
      sprite = this.#draw(label, look, known);
      this.#cache.set(key, sprite);
    }
    return sprite;
  }

  #draw(label: string, look: string, known: boolean): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(SYMBOL_PX * this.ratio);
    const ctx = canvas.getContext("2d")!;
    ctx.scale(this.ratio, this.ratio);
    ctx.translate(HALF, HALF);
    const colour = trackColour(this.palette, label, known ? Flag.COOPERATIVE : 0);
    ctx.lineWidth = 1.6;
    ctx.lineJoin = "round";
    ctx.strokeStyle = colour;
    if (look === "tentative") {
      ctx.fillStyle = colour;
      ctx.globalAlpha = 0.7;
      ctx.beginPath();
      ctx.arc(0, 0, 2, 0, Math.PI * 2);
      ctx.fill();
      return canvas;
    }
    const path = framePath(shapeOf(label));
    // A dark bed keeps the glyph legible over rings, trails and borders.
    ctx.fillStyle = faded(this.palette.bg, look === "coasted" ? 0.35 : 0.85);
    ctx.fill(path);
    if (look === "measured") {
      ctx.fillStyle = faded(colour, 0.3);
      ctx.fill(path);
    }
    if (look === "coasted") ctx.setLineDash([2.5, 2.2]);
    ctx.stroke(path);
    ctx.setLineDash([]);
    if (look === "coasted") return canvas;
    ctx.lineWidth = 1.4;
    drawGlyph(ctx, label);
    if (look === "declared") this.#antenna(ctx);
    if (look === "system") this.#relay(ctx);
    return canvas;
  }

  /** Two small rings, linked, at the upper right: "another tracker says so". */
  #relay(ctx: CanvasRenderingContext2D): void {
    ctx.lineWidth = 1.2;
    for (const [x, y] of [
      [6, -7],
      [9.5, -9],
    ] as const) {
      ctx.beginPath();
      ctx.arc(x, y, 1.8, 0, Math.PI * 2);
      ctx.stroke();
    }
  }

  /** Two arcs of a radio wave at the upper right: "it says this of itself". */
  #antenna(ctx: CanvasRenderingContext2D): void {
    ctx.lineWidth = 1.2;
    for (const radius of [2.2, 4.4]) {
      ctx.beginPath();
      ctx.arc(6.5, -6.5, radius, -Math.PI * 0.5, 0);
      ctx.stroke();
    }
  }
}
