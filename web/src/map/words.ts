// What stands beside a symbol, and the speed for which the rings of time are drawn.

import { clockSpan, height, speed } from "../fmt";
import type { Picture } from "../state/picture.svelte";
import { isDrone, trackName } from "../state/rows";
import { Flag } from "../wire";

/** Speed of the rings where nothing threatens: a slow one-way drone (the demo's are 42 to 51). */
export const USUAL_SPEED_MPS = 50;
const MIN_RING_SPEED_MPS = 5;

const SHORT: Record<string, string> = {
  drone_multirotor: "drone",
  drone_fixed_wing: "drone",
};

/** Height above the field of the track's site, where it has one and the field's height is told. */
export function heightM(picture: Picture, altM: number, site: number): number {
  return altM - (picture.node?.sites[site]?.alt_m ?? 0);
}

export function labelLines(picture: Picture, row: number): string[] {
  const store = picture.tracks;
  const wire = store.wire[row]!;
  const meta = picture.meta.get(wire);
  const flags = store.flags[row]!;
  const label = picture.labels[store.label[row]!] ?? "unknown";
  const name = trackName(wire, meta);
  const moves = `${height(heightM(picture, store.altM[row]!, store.site[row]!))}  ${speed(Math.hypot(store.northMps[row]!, store.eastMps[row]!))}`;
  if (flags & Flag.TENTATIVE) return [name];
  if (flags & Flag.DECLARED) return [name, moves];
  const harmless = (!isDrone(label) && label !== "unknown") || (flags & Flag.COOPERATIVE) !== 0;
  const quiet = harmless && !(flags & Flag.ALARMED);
  const sure = store.confidence[row]! > 0 && !quiet ? ` ${store.confidence[row]} %` : "";
  const known = flags & Flag.COOPERATIVE ? "known " : "";
  const lines = [`${name} ${known}${SHORT[label] ?? label}${sure}`];
  if (!quiet) lines.push(moves);
  const eta = store.arrivalS(row);
  if (flags & Flag.COASTED) lines.push(`not seen ${clockSpan(store.unseenS(row))}`);
  else if (Number.isFinite(eta)) lines.push(`${zoneOf(picture, meta?.track_id)} ${clockSpan(eta)}`);
  return lines;
}

function zoneOf(picture: Picture, trackId: string | undefined): string {
  const threat = trackId === undefined ? undefined : picture.firstThreat.get(trackId);
  return threat ? picture.zoneName(threat.site_id, threat.zone_id) : "arrives";
}

/** The selected threat's speed; else the fastest alarmed one's to this site; else the usual one. */
export function ringSpeed(picture: Picture, selected: number, siteId: string): number {
  const store = picture.tracks;
  const of = (row: number) => Math.hypot(store.northMps[row]!, store.eastMps[row]!);
  const chosen = store.row(selected);
  if (chosen >= 0 && Number.isFinite(store.etaS[chosen]!))
    return Math.max(MIN_RING_SPEED_MPS, of(chosen));
  let fastest = 0;
  for (const threat of picture.firstThreat.values()) {
    if (threat.site_id !== siteId) continue;
    const row = store.row(picture.wireOf(threat.track_id));
    if (row >= 0 && store.flags[row]! & Flag.ALARMED) fastest = Math.max(fastest, of(row));
  }
  // Whole fives, so that the rings do not breathe with every update.
  return fastest > MIN_RING_SPEED_MPS ? Math.ceil(fastest / 5) * 5 : USUAL_SPEED_MPS;
}
