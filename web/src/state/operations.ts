// Protected volumes and suspended operations, as words for the screen.

import { clockSpan } from "../fmt";
import type { ConflictFrame, NodeInfo, SiteInfo, TrackMeta, VolumeStatus } from "../wire";

/** What the profile calls what is suspended and resumed. */
export function operationsWord(node: NodeInfo | null): string {
  return node?.words?.operations ?? "Operations";
}

/** A site of profile base without volumes has no row for them. */
export function hasOperations(node: NodeInfo | null, site: SiteInfo): boolean {
  return (site.volumes?.length ?? 0) > 0 || (node?.profile ?? "base") !== "base";
}

/** "free", "occupied since 0:12", "expected in 0:45". */
export function volumeSentence(volume: VolumeStatus, nowS: number): string {
  if (volume.state === "occupied")
    return `occupied for ${clockSpan(nowS - (volume.since_s ?? nowS))}`;
  if (volume.state === "expected")
    return volume.enters_s === null
      ? "expected"
      : `expected in ${clockSpan(volume.enters_s - nowS)}`;
  if (volume.last_s === null) return "free";
  return `free, last occupied ${clockSpan(nowS - volume.last_s)} ago`;
}

/** A call sign that traffic says of itself: shown to be read aloud only where it can be one. */
const CALLSIGN = /^[A-Z0-9]{2,8}$/;

/** The phrase with the call sign of the traffic in place of its label, where it has one. */
export function phraseOf(
  conflict: ConflictFrame,
  label: string,
  meta: TrackMeta | undefined,
): string {
  const callsign = meta?.callsign.trim() ?? "";
  if (!CALLSIGN.test(callsign)) return conflict.phrase;
  return conflict.phrase.replace(`traffic ${label} `, `traffic ${callsign} (as it calls itself) `);
}

/** The label of the traffic as it stands in the phrase. */
export function trafficLabel(conflict: ConflictFrame): string {
  return /traffic (\S+) in /.exec(conflict.phrase)?.[1] ?? "";
}
