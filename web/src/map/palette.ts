// The canvas takes its colours from the style sheet's custom properties, so that a theme is one
// place. Read again when the theme changes.

import { Flag } from "../wire";

export interface Palette {
  bg: string;
  sea: string;
  land: string;
  border: string;
  line: string;
  text: string;
  muted: string;
  panel: string;
  p1: string;
  p2: string;
  p3: string;
  notice: string;
  drone: string;
  unknown: string;
  aircraft: string;
  bird: string;
  other: string;
  ring: string;
  coverage: string;
  runway: string;
}

const NAMES: (keyof Palette)[] = [
  "bg",
  "sea",
  "land",
  "border",
  "line",
  "text",
  "muted",
  "panel",
  "p1",
  "p2",
  "p3",
  "notice",
  "drone",
  "unknown",
  "aircraft",
  "bird",
  "other",
  "ring",
  "coverage",
  "runway",
];

export function readPalette(root: Element = document.documentElement): Palette {
  const style = getComputedStyle(root);
  const palette = {} as Palette;
  for (const name of NAMES) palette[name] = style.getPropertyValue(`--${name}`).trim();
  return palette;
}

/** What is known and answered for is blue, whatever it is. */
export function trackColour(palette: Palette, label: string, flags: number): string {
  return flags & Flag.COOPERATIVE ? palette.aircraft : classColour(palette, label);
}

export function classColour(palette: Palette, label: string): string {
  if (label.startsWith("drone")) return palette.drone;
  switch (label) {
    case "unknown":
      return palette.unknown;
    case "aircraft":
      return palette.aircraft;
    case "bird":
      return palette.bird;
    default:
      return palette.other;
  }
}

export function stepColour(palette: Palette, step: string): string {
  switch (step) {
    case "TAKE SHELTER":
      return palette.p1;
    case "CAUTION":
      return palette.p2;
    case "MONITOR":
      return palette.p3;
    default:
      return palette.notice;
  }
}

/** The same colour with another opacity; hex colours only ("#rrggbb"). */
export function faded(hex: string, alpha: number): string {
  const byte = Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0");
  return hex.length === 7 ? hex + byte : hex;
}
