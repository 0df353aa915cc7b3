// One draw of one pane: trails, speed vectors, symbols and labels of all tracks in view, on a
// 2D canvas over the map. No WebGL, no reactive state; about ten milliseconds for two thousand
// tracks.

import type { TrackStore } from "../state/tracks";
import { TRAIL_DOTS } from "../state/tracks";
import { Flag } from "../wire";
import { Occupancy, place, slotOrder } from "./declutter";
import { stretch } from "./mercator";
import { faded, type Palette, trackColour } from "./palette";
import { SYMBOL_PX, type Symbols } from "./symbols";

export const FONT = '"Inter Variable", system-ui, sans-serif';
const LINE_PX = 13;
const LABEL_FONT = `500 11px ${FONT}`;
const LABEL_BOLD = `650 11px ${FONT}`;
const GAP_PX = 12;

/** Where the pane looks: Web Mercator centre, metres a pixel, size in CSS pixels. */
export interface Window {
  centreX: number;
  centreY: number;
  resolution: number;
  width: number;
  height: number;
}

export interface DrawOptions {
  labels: boolean;
  allLabels: boolean;
  trails: boolean;
  vectorS: number;
  selected: number;
  /** Wire ids that the filter leaves; null without a filter. */
  shown: ReadonlySet<number> | null;
  /** Symbols and dots only: the overview. */
  small: boolean;
  /** Boxes that labels keep out of: buttons, insets, the protected zones. */
  blocked: readonly Box[];
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What a label says; asked only for tracks whose label is drawn. */
export type LabelText = (row: number) => string[];

export interface Drawn {
  tracks: number;
  labels: number;
}

interface Candidate {
  row: number;
  x: number;
  y: number;
  order: number;
}

export function toPixel(window: Window, x: number, y: number): [number, number] {
  return [
    (x - window.centreX) / window.resolution + window.width / 2,
    (window.centreY - y) / window.resolution + window.height / 2,
  ];
}

export class TrackPainter {
  readonly #slots = new Map<number, number>();
  #widths = new Map<string, number>();

  constructor(
    public palette: Palette,
    public symbols: Symbols,
  ) {}

  draw(
    ctx: CanvasRenderingContext2D,
    window: Window,
    store: TrackStore,
    labels: readonly string[],
    text: LabelText,
    options: DrawOptions,
  ): Drawn {
    const seen = this.#inView(window, store, options);
    if (options.trails && !options.small)
      for (const c of seen) this.#trail(ctx, window, store, labels, c.row);
    if (options.vectorS > 0 && !options.small) {
      for (const c of seen) this.#vector(ctx, window, store, labels, c, options.vectorS);
    }
    for (const c of seen) this.#symbol(ctx, window, store, labels, c, options);
    const drawn =
      options.labels && !options.small
        ? this.#labels(ctx, window, store, labels, text, seen, options)
        : 0;
    return { tracks: seen.length, labels: drawn };
  }

  /** The track whose symbol is nearest to a point, within reach; 0 none. */
  hit(
    window: Window,
    store: TrackStore,
    x: number,
    y: number,
    shown: ReadonlySet<number> | null,
  ): number {
    let best = 16;
    let wire = 0;
    for (let row = 0; row < store.count; row += 1) {
      if (shown && !shown.has(store.wire[row]!)) continue;
      const [px, py] = toPixel(window, store.x[row]!, store.y[row]!);
      const away = Math.max(Math.abs(px - x), Math.abs(py - y));
      if (away < best) {
        best = away;
        wire = store.wire[row]!;
      }
    }
    return wire;
  }

  #inView(window: Window, store: TrackStore, options: DrawOptions): Candidate[] {
    const seen: Candidate[] = [];
    const margin = SYMBOL_PX;
    for (let row = 0; row < store.count; row += 1) {
      if (options.shown && !options.shown.has(store.wire[row]!)) continue;
      const [x, y] = toPixel(window, store.x[row]!, store.y[row]!);
      if (x < -margin || y < -margin || x > window.width + margin || y > window.height + margin)
        continue;
      seen.push({ row, x, y, order: importance(store, row, options.selected) });
    }
    // The important last, so that they lie on top.
    return seen.sort((a, b) => b.order - a.order);
  }

  #trail(
    ctx: CanvasRenderingContext2D,
    window: Window,
    store: TrackStore,
    labels: readonly string[],
    row: number,
  ): void {
    const count = store.trailCount[row]!;
    if (count < 2 || (store.flags[row]! & Flag.TENTATIVE) !== 0) return;
    ctx.fillStyle = trackColour(this.palette, labels[store.label[row]!] ?? "", store.flags[row]!);
    const head = store.trailHead[row]!;
    for (let back = 1; back <= count; back += 1) {
      const slot = (head - back + TRAIL_DOTS * 2) % TRAIL_DOTS;
      const at = (row * TRAIL_DOTS + slot) * 2;
      const [x, y] = toPixel(window, store.trail[at]!, store.trail[at + 1]!);
      ctx.globalAlpha = 0.75 * (1 - back / (TRAIL_DOTS + 1));
      ctx.fillRect(x - 1, y - 1, 2, 2);
    }
    ctx.globalAlpha = 1;
  }

  #vector(
    ctx: CanvasRenderingContext2D,
    window: Window,
    store: TrackStore,
    labels: readonly string[],
    at: Candidate,
    seconds: number,
  ): void {
    const { row } = at;
    if ((store.flags[row]! & Flag.TENTATIVE) !== 0) return;
    const scale = (seconds * stretch(store.lat[row]!)) / window.resolution;
    const dx = store.eastMps[row]! * scale;
    const dy = -store.northMps[row]! * scale;
    const length = Math.hypot(dx, dy);
    if (length < 11) return;
    ctx.strokeStyle = trackColour(this.palette, labels[store.label[row]!] ?? "", store.flags[row]!);
    ctx.lineWidth = 1.3;
    ctx.globalAlpha = 0.9;
    ctx.setLineDash(store.flags[row]! & Flag.COASTED ? [4, 4] : []);
    ctx.beginPath();
    ctx.moveTo(at.x + (dx / length) * 10, at.y + (dy / length) * 10);
    ctx.lineTo(at.x + dx, at.y + dy);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  #symbol(
    ctx: CanvasRenderingContext2D,
    window: Window,
    store: TrackStore,
    labels: readonly string[],
    at: Candidate,
    options: DrawOptions,
  ): void {
    const { row, x, y } = at;
    const flags = store.flags[row]!;
    const label = labels[store.label[row]!] ?? "unknown";
    const colour = trackColour(this.palette, label, flags);
    if (options.small) {
      ctx.fillStyle = colour;
      ctx.fillRect(x - 1.5, y - 1.5, 3, 3);
      return;
    }
    if (store.wire[row] === options.selected) this.#selection(ctx, window, store, at);
    if (flags & Flag.ALARMED) {
      ctx.strokeStyle = this.palette.p1;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.arc(x, y, 13.5, 0, Math.PI * 2);
      ctx.stroke();
    }
    const speed = Math.hypot(store.eastMps[row]!, store.northMps[row]!);
    if (speed > 1 && !(flags & Flag.TENTATIVE))
      heading(
        ctx,
        at,
        store.eastMps[row]! / speed,
        -store.northMps[row]! / speed,
        colour,
        flags & Flag.ALARMED ? 5 : 0,
      );
    const sprite = this.symbols.get(label, flags);
    ctx.drawImage(sprite, x - SYMBOL_PX / 2, y - SYMBOL_PX / 2, SYMBOL_PX, SYMBOL_PX);
  }

  /** Corner brackets, and the circle of two standard deviations of position. */
  #selection(
    ctx: CanvasRenderingContext2D,
    window: Window,
    store: TrackStore,
    at: Candidate,
  ): void {
    const radius = (2 * store.sigmaM[at.row]! * stretch(store.lat[at.row]!)) / window.resolution;
    ctx.strokeStyle = this.palette.text;
    if (radius > 14) {
      ctx.lineWidth = 1;
      ctx.fillStyle = faded(this.palette.text, 0.07);
      ctx.beginPath();
      ctx.arc(at.x, at.y, radius, 0, Math.PI * 2);
      ctx.fill();
      ctx.stroke();
    }
    ctx.lineWidth = 2;
    const a = 17;
    const b = 9;
    ctx.beginPath();
    for (const [sx, sy] of [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ] as const) {
      ctx.moveTo(at.x + sx * a, at.y + sy * b);
      ctx.lineTo(at.x + sx * a, at.y + sy * a);
      ctx.lineTo(at.x + sx * b, at.y + sy * a);
    }
    ctx.stroke();
  }

  #labels(
    ctx: CanvasRenderingContext2D,
    window: Window,
    store: TrackStore,
    labels: readonly string[],
    text: LabelText,
    seen: Candidate[],
    options: DrawOptions,
  ): number {
    const grid = new Occupancy(window.width, window.height);
    for (const box of options.blocked) grid.take(box.x, box.y, box.width, box.height);
    for (const c of seen) grid.take(c.x - 8, c.y - 8, 16, 16);
    ctx.textBaseline = "top";
    let drawn = 0;
    for (let i = seen.length - 1; i >= 0; i -= 1) {
      const at = seen[i]!;
      if (at.order >= TENTATIVE && !options.allLabels) continue;
      if (this.#label(ctx, grid, store, labels, text(at.row), at)) drawn += 1;
    }
    return drawn;
  }

  #label(
    ctx: CanvasRenderingContext2D,
    grid: Occupancy,
    store: TrackStore,
    labels: readonly string[],
    lines: string[],
    at: Candidate,
  ): boolean {
    const { row } = at;
    const wire = store.wire[row]!;
    const must = at.order <= ALARMED;
    let width = 0;
    lines.forEach((line, index) => {
      width = Math.max(width, this.#width(ctx, line, index === 0));
    });
    const height = lines.length * LINE_PX + 3;
    const degrees = (Math.atan2(store.eastMps[row]!, store.northMps[row]!) * 180) / Math.PI;
    const order = slotOrder(this.#slots.get(wire), degrees);
    const spot = place(grid, order, at.x, at.y, width + 8, height, GAP_PX, must);
    if (!spot) return false;
    this.#slots.set(wire, spot.slot);
    ctx.fillStyle = faded(this.palette.bg, 0.78);
    ctx.fillRect(spot.x, spot.y, width + 8, height);
    const colour = trackColour(this.palette, labels[store.label[row]!] ?? "", store.flags[row]!);
    if (spot.gap > GAP_PX) leader(ctx, at, spot.x, spot.y, width + 8, height, colour);
    lines.forEach((line, index) => {
      ctx.font = index === 0 ? LABEL_BOLD : LABEL_FONT;
      ctx.fillStyle = index === 0 ? colour : this.palette.text;
      ctx.fillText(line, spot.x + 4, spot.y + 2 + index * LINE_PX);
    });
    return true;
  }

  #width(ctx: CanvasRenderingContext2D, line: string, bold: boolean): number {
    // Digits of Inter are not all equally wide; measuring with 0 keeps boxes from breathing.
    const key = (bold ? "b" : "r") + line.replace(/\d/g, "0");
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size > 5000) this.#widths = new Map();
      ctx.font = bold ? LABEL_BOLD : LABEL_FONT;
      width = ctx.measureText(key.slice(1)).width;
      this.#widths.set(key, width);
    }
    return width;
  }
}

const ALARMED = 1;
const TENTATIVE = 6;

/** 0 the most important. Selected and alarmed labels are always drawn. */
function importance(store: TrackStore, row: number, selected: number): number {
  if (store.wire[row] === selected) return 0;
  const flags = store.flags[row]!;
  if (flags & Flag.ALARMED) return ALARMED;
  if (flags & Flag.TENTATIVE) return TENTATIVE;
  if (Number.isFinite(store.etaS[row]!)) return 2;
  return flags & Flag.DECLARED ? 4 : 3;
}

/** A line from a symbol to its label, where that stands apart. */
function leader(
  ctx: CanvasRenderingContext2D,
  at: Candidate,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: string,
): void {
  const toX = Math.min(Math.max(at.x, left), left + width);
  const toY = Math.min(Math.max(at.y, top), top + height);
  const far = Math.hypot(toX - at.x, toY - at.y);
  if (far <= GAP_PX) return;
  ctx.strokeStyle = faded(colour, 0.7);
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(at.x + ((toX - at.x) * GAP_PX) / far, at.y + ((toY - at.y) * GAP_PX) / far);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}

/** A short wedge at the frame's edge, towards where it flies. */
function heading(
  ctx: CanvasRenderingContext2D,
  at: Candidate,
  ux: number,
  uy: number,
  colour: string,
  out: number,
): void {
  const tip = 15 + out;
  const foot = 10 + out;
  const half = 3.2;
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(at.x + ux * tip, at.y + uy * tip);
  ctx.lineTo(at.x + ux * foot - uy * half, at.y + uy * foot + ux * half);
  ctx.lineTo(at.x + ux * foot + uy * half, at.y + uy * foot - ux * half);
  ctx.fill();
}
