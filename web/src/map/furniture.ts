// What lies between the map and the tracks: rings of time to arrival, scale bar, site marks,
// the measured way. Drawn on the same canvas as the tracks, below them.

import { BAR_UNITS, distance } from "../fmt";
import { seat } from "../state/seat.svelte";
import type { Sighting, SiteInfo } from "../wire";
import { mercatorX, mercatorY, stretch, wayBetween } from "./mercator";
import { FONT, toPixel, type Window } from "./overlay";
import { faded, type Palette } from "./palette";

export const RING_MINUTES = [2, 5, 10];
/** Two standard deviations of a direction that is told without an instrument. */
const SPREAD_DEG = 22;
const SMALL = `500 10.5px ${FONT}`;

/** Rings around a site: how far something of this speed is from it, in minutes. */
export function drawRings(
  ctx: CanvasRenderingContext2D,
  window: Window,
  palette: Palette,
  site: SiteInfo,
  speedMps: number,
): void {
  const [x, y] = toPixel(window, mercatorX(site.lon), mercatorY(site.lat));
  const scale = stretch(site.lat) / window.resolution;
  ctx.save();
  ctx.lineWidth = 1;
  ctx.font = SMALL;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const minutes of RING_MINUTES) {
    const metres = minutes * 60 * speedMps;
    const radius = metres * scale;
    if (radius < 24 || radius > 3 * Math.max(window.width, window.height)) continue;
    ctx.strokeStyle = palette.ring;
    ctx.setLineDash([5, 5]);
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, Math.PI * 2);
    ctx.stroke();
    ctx.setLineDash([]);
    const words = `${minutes} min`;
    const width = ctx.measureText(words).width + 8;
    const at = labelSpot(window, x, y, radius);
    if (!at) continue;
    ctx.fillStyle = faded(palette.land, 0.9);
    ctx.fillRect(at[0] - width / 2, at[1] - 7, width, 14);
    ctx.fillStyle = palette.muted;
    ctx.fillText(words, at[0], at[1]);
  }
  ctx.restore();
}

/** A point of the ring that lies in the pane: top, else to the right, bottom, left. */
function labelSpot(window: Window, x: number, y: number, radius: number): [number, number] | null {
  for (const degrees of [0, 30, 330, 90, 270, 180, 60, 300, 120, 240, 150, 210]) {
    const angle = (degrees * Math.PI) / 180;
    const px = x + radius * Math.sin(angle);
    const py = y - radius * Math.cos(angle);
    if (px > 30 && py > 40 && px < window.width - 30 && py < window.height - 40) return [px, py];
  }
  return null;
}

const LONG_M = 10_000;

/** What people report to have seen: a wide ring, or a wedge in the direction told. */
export function drawSightings(
  ctx: CanvasRenderingContext2D,
  window: Window,
  palette: Palette,
  sightings: readonly Sighting[],
): void {
  ctx.save();
  ctx.font = SMALL;
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = ctx.fillStyle = palette.text;
  for (const sighting of sightings) {
    const lat = sighting.lat ?? sighting.from_lat;
    const lon = sighting.lon ?? sighting.from_lon;
    if (lat === null || lon === null) continue;
    const [x, y] = toPixel(window, mercatorX(lon), mercatorY(lat));
    const scale = stretch(lat) / window.resolution;
    ctx.setLineDash([2, 4]);
    ctx.beginPath();
    if (sighting.lat === null && sighting.azimuth_deg !== null) {
      const away = LONG_M * scale;
      for (const side of [-SPREAD_DEG, 0, SPREAD_DEG]) {
        const angle = ((sighting.azimuth_deg + side) * Math.PI) / 180;
        ctx.moveTo(x, y);
        ctx.lineTo(x + away * Math.sin(angle), y - away * Math.cos(angle));
      }
    } else ctx.arc(x, y, Math.max(10, 2 * (sighting.sigma_m ?? 0) * scale), 0, Math.PI * 2);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillText(`${sighting.id} ${sighting.kind || "seen"}`, x + 12, y - 8);
  }
  ctx.restore();
}

export function drawSiteMark(
  ctx: CanvasRenderingContext2D,
  window: Window,
  palette: Palette,
  site: SiteInfo,
  colour: string,
  name: string,
): void {
  const [x, y] = toPixel(window, mercatorX(site.lon), mercatorY(site.lat));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.arc(x, y, 5, 0, Math.PI * 2);
  ctx.moveTo(x - 8, y);
  ctx.lineTo(x + 8, y);
  ctx.moveTo(x, y - 8);
  ctx.lineTo(x, y + 8);
  ctx.stroke();
  if (name) {
    ctx.font = `650 11px ${FONT}`;
    ctx.textBaseline = "middle";
    const width = ctx.measureText(name).width;
    // Beside the mark where there is room, else below it, inside the pane.
    const right = x + 12 + width < window.width - 4;
    const tx = right ? x + 12 : Math.max(4, Math.min(x - width / 2, window.width - width - 4));
    const ty = right ? y : y + 17;
    ctx.fillStyle = faded(palette.land, 0.85);
    ctx.fillRect(tx - 3, ty - 8, width + 6, 16);
    ctx.fillStyle = palette.text;
    ctx.fillText(name, tx, ty);
  }
  ctx.restore();
}

/** A bar of a round length in units of unitM metres: 1, 2 or 5 times a power of ten, at most
 * maxPx long. */
export function scaleLength(resolution: number, latDeg: number, maxPx: number, unitM = 1): number {
  const most = (maxPx * resolution) / stretch(latDeg) / unitM;
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = most / power >= 5 ? 5 : most / power >= 2 ? 2 : 1;
  return Number((factor * power).toPrecision(1));
}

export function drawScale(
  ctx: CanvasRenderingContext2D,
  window: Window,
  palette: Palette,
  latDeg: number,
  extra: string,
  freePx = window.width,
): void {
  const unit = BAR_UNITS[seat.units];
  const long = scaleLength(window.resolution, latDeg, 110, unit.m);
  const width = (long * unit.m * stretch(latDeg)) / window.resolution;
  const x = 12;
  const y = window.height - 12;
  const words = unit.word === "m" && long >= 1000 ? `${long / 1000} km` : `${long} ${unit.word}`;
  ctx.save();
  ctx.font = SMALL;
  ctx.textBaseline = "alphabetic";
  const total = Math.max(width + 6 + ctx.measureText(words).width, 0);
  const extraWidth = extra ? ctx.measureText(extra).width : 0;
  const beside = x + total + 14 + extraWidth <= freePx;
  const wide = beside && extra ? total + 14 + extraWidth : Math.max(total, extraWidth);
  const high = beside ? 19 : 35;
  ctx.fillStyle = faded(palette.bg, 0.72);
  ctx.fillRect(x - 6, y + 6 - high, wide + 12, high);
  ctx.strokeStyle = palette.text;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(x, y - 6);
  ctx.lineTo(x, y);
  ctx.lineTo(x + width, y);
  ctx.lineTo(x + width, y - 6);
  ctx.stroke();
  ctx.fillStyle = palette.text;
  ctx.fillText(words, x + width + 6, y + 1);
  ctx.fillStyle = palette.muted;
  if (extra) ctx.fillText(extra, beside ? x + total + 14 : x, beside ? y + 1 : y - 15);
  ctx.restore();
}

export interface Measured {
  from: [number, number];
  to: [number, number] | null;
}

/** The measured way; points are (lat, lon). */
export function drawMeasure(
  ctx: CanvasRenderingContext2D,
  window: Window,
  palette: Palette,
  measured: Measured,
): void {
  const [ax, ay] = toPixel(window, mercatorX(measured.from[1]), mercatorY(measured.from[0]));
  ctx.save();
  ctx.strokeStyle = palette.text;
  ctx.fillStyle = palette.text;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.arc(ax, ay, 3, 0, Math.PI * 2);
  ctx.fill();
  if (measured.to) {
    const [bx, by] = toPixel(window, mercatorX(measured.to[1]), mercatorY(measured.to[0]));
    ctx.setLineDash([6, 4]);
    ctx.beginPath();
    ctx.moveTo(ax, ay);
    ctx.lineTo(bx, by);
    ctx.stroke();
    const way = wayBetween(...measured.from, ...measured.to);
    const words = `${seat.units === "metric" ? `${(way.distanceM / 1000).toFixed(2)} km` : distance(way.distanceM)}  ${String(Math.round(way.azimuthDeg) % 360).padStart(3, "0")}°`;
    ctx.font = `650 12px ${FONT}`;
    ctx.textBaseline = "middle";
    const width = ctx.measureText(words).width + 10;
    ctx.fillStyle = palette.bg;
    ctx.fillRect(bx + 10, by - 10, width, 20);
    ctx.fillStyle = palette.text;
    ctx.fillText(words, bx + 15, by);
  }
  ctx.restore();
}
