// Zones, volumes and sensors of the site file as things to be drawn and moved. Points are metres
// east and north of the site's reference point; what is not moved keeps its numbers.

import { MEAN_RADIUS_M } from "../../map/mercator";

export type Point = [number, number];
/** A zone or volume as it stands in the site file. */
export type Part = Record<string, unknown> & { id: string };

export interface SiteDraft {
  zones: Part[];
  volumes: Part[];
}

export interface Draft {
  base: string;
  sites: Record<string, SiteDraft>;
  sensors: Record<string, Record<string, number>>;
}

export interface Origin {
  lat: number;
  lon: number;
}

export type Kind = "zones" | "volumes" | "sensors";
export interface Choice {
  kind: Kind;
  id: string;
}

const RADIAN = Math.PI / 180;
const METRES = MEAN_RADIUS_M * RADIAN; // of a degree of latitude
const CIRCLE = 48;

export const RELEASES = ["person, else automatic", "person", "automatic"];
export const VOLUME_KINDS = ["runway", "approach", "departure", "area"];

export function toMetres(at: Origin, [lon, lat]: readonly number[]): Point {
  return [(lon! - at.lon) * METRES * Math.cos(at.lat * RADIAN), (lat! - at.lat) * METRES];
}

/** [lon, lat] in degrees to 1e-6, about 0.1 m. */
export function toDegrees(at: Origin, [east, north]: Point): Point {
  const lon = at.lon + east / (METRES * Math.cos(at.lat * RADIAN));
  return [round(lon, 6), round(at.lat + north / METRES, 6)];
}

export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}

const ring = (part: Part) => part.polygon as number[][] | undefined;
const line = (part: Part) => part.line as number[][] | undefined;
const centre = (part: Part) => (part.center_offset_m as Point | undefined) ?? [0, 0];

/** What can be taken hold of: corners, ends of a line, the middle of a circle. */
export function handlesOf(part: Part, at: Origin): Point[] {
  const places = ring(part) ?? line(part);
  if (places) return places.map((place) => toMetres(at, place));
  return part.radius_m === undefined ? [] : [centre(part)];
}

/** The outline, as the reader of the site file makes it. */
export function outlineOf(part: Part, at: Origin): Point[] {
  const corners = ring(part);
  if (corners) return corners.map((place) => toMetres(at, place));
  const ends = line(part)?.map((place) => toMetres(at, place));
  if (ends && ends.length === 2) return corridor(ends[0]!, ends[1]!, Number(part.width_m ?? 0));
  const radius = Number(part.radius_m ?? 0);
  const [east, north] = centre(part);
  return Array.from({ length: CIRCLE }, (_, k) => {
    const angle = (2 * Math.PI * k) / CIRCLE;
    return [east + radius * Math.cos(angle), north + radius * Math.sin(angle)] as Point;
  });
}

function corridor(a: Point, b: Point, width: number): Point[] {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const le = (-(b[1] - a[1]) / length) * (width / 2);
  const ln = ((b[0] - a[0]) / length) * (width / 2);
  return [
    [a[0] - le, a[1] - ln],
    [b[0] - le, b[1] - ln],
    [b[0] + le, b[1] + ln],
    [a[0] + le, a[1] + ln],
  ];
}

/** The part with one handle somewhere else. */
export function moved(part: Part, at: Origin, index: number, to: Point): Part {
  const key = ring(part) ? "polygon" : line(part) ? "line" : "";
  if (!key) return { ...part, center_offset_m: [Math.round(to[0]), Math.round(to[1])] };
  const places = part[key] as number[][];
  return { ...part, [key]: places.map((p, k) => (k === index ? toDegrees(at, to) : p)) };
}

/** A further corner in the middle of the side after one. */
export function withCorner(part: Part, at: Origin, index: number): Part {
  const corners = ring(part);
  if (!corners) return part;
  const a = toMetres(at, corners[index]!);
  const b = toMetres(at, corners[(index + 1) % corners.length]!);
  const middle = toDegrees(at, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
  return {
    ...part,
    polygon: [...corners.slice(0, index + 1), middle, ...corners.slice(index + 1)],
  };
}

/** One corner fewer; three are the least. */
export function withoutCorner(part: Part, index: number): Part {
  const corners = ring(part);
  if (!corners || corners.length <= 3) return part;
  return { ...part, polygon: corners.filter((_, k) => k !== index) };
}

/** A circle or a corridor as a polygon whose corners can be moved. */
export function asPolygon(part: Part, at: Origin): Part {
  const shape = outlineOf(part, at).filter((_, k, all) => all.length < 8 || k % 4 === 0);
  const rest: Part = { ...part, polygon: shape.map((point) => toDegrees(at, point)) };
  for (const key of [
    "radius_m",
    "center_offset_m",
    "line",
    "width_m",
    "far_floor_m",
    "far_ceiling_m",
  ])
    delete rest[key];
  return rest;
}

/** A number or word of a part; an empty field takes it away. */
export function withValue(part: Part, key: string, value: string, isNumber: boolean): Part {
  const next: Part = { ...part };
  const text = value.trim();
  if (text === "") delete next[key];
  else next[key] = isNumber && Number.isFinite(Number(text)) ? Number(text) : value;
  return next;
}

/** A number as somebody typed it; null where it is none. */
export function numberOf(typed: string): number | null {
  const number = Number(typed);
  return typed.trim() !== "" && Number.isFinite(number) ? number : null;
}

/** An id that no other part of the site has. */
export function freeId(parts: readonly Part[], stem: string): string {
  for (let k = 1; ; k += 1) {
    const id = `${stem}-${k}`;
    if (!parts.some((part) => part.id === id)) return id;
  }
}

export function newZone(site: SiteDraft): Part {
  return { id: freeId(site.zones, "zone"), radius_m: 300, ceiling_m: 600, shelter_s: 60 };
}

export function newVolume(site: SiteDraft, at: Origin): Part {
  const id = freeId(site.volumes, "volume");
  const ends: Point[] = [toDegrees(at, [1000, 0]), toDegrees(at, [8000, 0])];
  return {
    id,
    kind: "approach",
    line: ends,
    width_m: 900,
    ceiling_m: 150,
    far_floor_m: 250,
    far_ceiling_m: 700,
  };
}

const NEAR_M = 60_000; // a sensor further away belongs to another site, and on its map

/** Whether a point stands near enough to be drawn on the site's map. */
export function isNear(point: Point): boolean {
  return Math.hypot(...point) < NEAR_M;
}

/** A box [east, north, width, height] around points, with some room. */
export function boxOf(points: readonly Point[]): [number, number, number, number] {
  const es = points.map((p) => p[0]);
  const ns = points.map((p) => p[1]);
  const [e0, e1] = [Math.min(...es, -500), Math.max(...es, 500)];
  const [n0, n1] = [Math.min(...ns, -500), Math.max(...ns, 500)];
  const room = 0.08 * Math.max(e1 - e0, n1 - n0);
  return [e0 - room, n0 - room, e1 - e0 + 2 * room, n1 - n0 + 2 * room];
}

/** "320 m east, 40 m south of the reference point". */
export function whereWords([east, north]: Point): string {
  const e = `${Math.abs(Math.round(east))} m ${east < 0 ? "west" : "east"}`;
  const n = `${Math.abs(Math.round(north))} m ${north < 0 ? "south" : "north"}`;
  return `${e}, ${n} of the reference point`;
}
