// The track table's rows: the accessible twin of the canvas, read off the typed arrays once a
// second. Pure functions.

import { Flag, type TrackMeta } from "../wire";
import type { TrackStore } from "./tracks";

export interface TrackRow {
  wire: number;
  name: string;
  label: string;
  confidence: number;
  altM: number;
  speedMps: number;
  headingDeg: number;
  climbMps: number;
  sigmaM: number;
  etaS: number;
  ageS: number;
  flags: number;
  site: number;
  siteId: string;
  lat: number;
  lon: number;
}

/** Short enough to be spoken; what declares itself has its callsign or its address. */
export function trackName(wire: number, meta: TrackMeta | undefined): string {
  if (!meta) return `T-${wire}`;
  if (meta.kind === "declared") return meta.callsign.trim() || meta.declared || `D-${wire}`;
  if (meta.kind === "system")
    return meta.callsign.trim() || `S-${shortId(meta.track_id).split("-")[1] ?? wire}`;
  return shortId(meta.track_id);
}

/** "T1-07": the site's key (1 to 9) and the counter; "D-07": what declares itself and is measured
 * by nobody; "S-07": another tracker's. The 64 bits are node, site index, counter (16, 8 and 40
 * bits; docs/architecture.md).
 */
export function shortId(id: string): string {
  if (!/^\d+$/.test(id)) return id;
  const bits = BigInt(id);
  const counter = String(BigInt.asUintN(40, bits)).padStart(2, "0");
  if (bits >> 40n === 0n) return `T-${counter}`;
  const site = Number(BigInt.asUintN(8, bits >> 40n));
  if (site >= 0xfe) return `${site === 0xff ? "D" : "S"}-${counter}`;
  return `T${site + 1}-${counter}`;
}

/** The word that the officer reads for a class; short, lower case. */
export function classWord(label: string, meta?: TrackMeta): string {
  const known = meta?.cooperative ? "known " : "";
  switch (label) {
    case "drone_multirotor":
      return known ? "known drone" : "drone, rotor";
    case "drone_fixed_wing":
      return known ? "known drone" : "drone, wing";
    case "drone":
    case "aircraft":
      return known + label;
    default:
      return label;
  }
}

export function isDrone(label: string): boolean {
  return label.startsWith("drone");
}

export function rowOf(
  store: TrackStore,
  i: number,
  labels: readonly string[],
  meta: TrackMeta | undefined,
  siteIds: readonly string[],
): TrackRow {
  const north = store.northMps[i]!;
  const east = store.eastMps[i]!;
  return {
    wire: store.wire[i]!,
    name: trackName(store.wire[i]!, meta),
    label: labels[store.label[i]!] ?? "unknown",
    confidence: store.confidence[i]!,
    altM: store.altM[i]!,
    speedMps: Math.hypot(north, east),
    headingDeg: ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360,
    climbMps: store.upMps[i]!,
    sigmaM: store.sigmaM[i]!,
    etaS: store.arrivalS(i),
    ageS: store.unseenS(i),
    flags: store.flags[i]!,
    site: store.site[i]!,
    siteId: siteIds[store.site[i]!] ?? meta?.site_id ?? "",
    lat: store.lat[i]!,
    lon: store.lon[i]!,
  };
}

/** Alarmed ones first, then by time to arrival, then drones, unknown, the rest, declared. */
export function rank(row: TrackRow): number {
  if (row.flags & Flag.ALARMED) return 0;
  if (Number.isFinite(row.etaS)) return 1;
  if (row.flags & Flag.DECLARED) return 5;
  if (row.flags & Flag.TENTATIVE) return 4;
  if (isDrone(row.label)) return 2;
  return row.label === "unknown" ? 2.5 : 3;
}

export function sortRows(rows: TrackRow[]): TrackRow[] {
  const eta = (row: TrackRow) => (Number.isFinite(row.etaS) ? row.etaS : 1e9);
  return rows.sort(
    (a, b) =>
      rank(a) - rank(b) || eta(a) - eta(b) || a.name.localeCompare(b.name, "en", { numeric: true }),
  );
}

/** Keep the order that the pointer sees: known rows stay, new ones come last. */
export function keepOrder(rows: TrackRow[], order: readonly number[]): TrackRow[] {
  const place = new Map(order.map((wire, index) => [wire, index]));
  const end = order.length;
  return [...rows].sort((a, b) => (place.get(a.wire) ?? end) - (place.get(b.wire) ?? end));
}

/** One filter for list and map. Words must all occur; `class:bird`, `site:al-asad`, `is:declared`. */
export function matches(row: TrackRow, filter: string): boolean {
  for (const word of filter.toLowerCase().split(/\s+/)) {
    if (!word) continue;
    const [key, value] = word.includes(":") ? word.split(":", 2) : ["", word];
    if (!matchesWord(row, key ?? "", value ?? "")) return false;
  }
  return true;
}

function matchesWord(row: TrackRow, key: string, value: string): boolean {
  switch (key) {
    case "class":
      return row.label.startsWith(value);
    case "site":
      return row.siteId.includes(value);
    case "is":
      return (
        (value === "declared" && (row.flags & Flag.DECLARED) !== 0) ||
        (value === "measured" && (row.flags & Flag.DECLARED) === 0) ||
        (value === "alarmed" && (row.flags & Flag.ALARMED) !== 0) ||
        (value === "coasted" && (row.flags & Flag.COASTED) !== 0)
      );
    default:
      return `${row.name} ${row.label} ${row.siteId}`.toLowerCase().includes(value);
  }
}
