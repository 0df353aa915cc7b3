// The order of alarms and what may be done about them. Pure functions.

import type { Alarm, Threat, ZoneStatus } from "../wire";

const PRIORITY: Record<string, number> = {
  "TAKE SHELTER": 0,
  CAUTION: 1,
  "NOT WATCHING": 2,
  "NOT HEARD": 2,
  MONITOR: 3,
};

export function isActive(alarm: Alarm): boolean {
  return alarm.state !== "closed";
}

/** Silent for a while, in somebody's name; never TAKE SHELTER. */
export function isShelved(alarm: Alarm): boolean {
  return isActive(alarm) && Boolean(alarm.shelved_by);
}

export function needsAcknowledging(alarm: Alarm): boolean {
  if (isShelved(alarm)) return false;
  return alarm.state === "unacknowledged" || alarm.state === "returned unacknowledged";
}

/** Fixed order: step, then raised first; shelved ones after them; closed ones last, newest first. */
export function sortAlarms(alarms: readonly Alarm[]): Alarm[] {
  const step = (alarm: Alarm) => (PRIORITY[alarm.step] ?? 4) + (isShelved(alarm) ? 10 : 0);
  return [...alarms].sort((a, b) => {
    if (isActive(a) !== isActive(b)) return isActive(a) ? -1 : 1;
    if (!isActive(a)) return (b.closed_s ?? 0) - (a.closed_s ?? 0);
    return step(a) - step(b) || (a.raised_s ?? 0) - (b.raised_s ?? 0);
  });
}

/** For a list that shows few: what nobody has acknowledged stands before what somebody has. */
export function unansweredFirst(alarms: readonly Alarm[]): Alarm[] {
  const open = (alarm: Alarm) => needsAcknowledging(alarm);
  return [...alarms.filter(open), ...alarms.filter((alarm) => !open(alarm))];
}

export interface Arrival {
  earlyS: number;
  medianS: number;
  lateS: number;
}

/**
 * The first arrival at any zone of the alarm, in seconds from now; null where none is told. Of its
 * own tracks, where it has some: what else comes to those zones stands with another alarm.
 */
export function arrivalOf(
  alarm: Alarm,
  zones: readonly ZoneStatus[],
  threats: readonly Threat[],
  nowS: number,
): Arrival | null {
  // A protected volume is no zone: what comes to a zone as well has an alarm of its own.
  if (alarm.cause === "protected volume") return null;
  // Its cause is gone: what comes to the zones now is something else, and stands with them.
  if (alarm.state === "returned unacknowledged") return null;
  let best: Arrival | null = null;
  const own = alarm.tracks.length
    ? threats.filter((threat) => alarm.tracks.includes(threat.track_id))
    : zones;
  for (const row of own) {
    if (row.site_id !== alarm.site_id) continue;
    if (alarm.zones.length && !alarm.zones.includes(row.zone_id)) continue;
    const arrival = fromNow(row, nowS);
    if (arrival && (!best || arrival.earlyS < best.earlyS)) best = arrival;
  }
  return best;
}

/** Arrival columns (Unix seconds, null: never) as seconds from now. */
export function fromNow(
  row: Pick<Threat, "arrival_early_s" | "arrival_median_s" | "arrival_late_s">,
  nowS: number,
): Arrival | null {
  const at = (s: number | null) => (s === null ? Number.POSITIVE_INFINITY : Math.max(0, s - nowS));
  if (!Number.isFinite(nowS)) return null;
  if (row.arrival_early_s === null && row.arrival_median_s === null) return null;
  return {
    earlyS: at(row.arrival_early_s ?? row.arrival_median_s),
    medianS: at(row.arrival_median_s),
    lateS: at(row.arrival_late_s),
  };
}

/** Zones of a site for which TAKE SHELTER is proposed, not yet released and not refused. */
export function proposedZones(zones: readonly ZoneStatus[], siteId: string): ZoneStatus[] {
  return zones.filter((z) => z.site_id === siteId && isProposed(z));
}

export function isProposed(zone: ZoneStatus): boolean {
  if (zone.proposed_s === null || zone.refused_by) return false;
  return zone.released_s === null || zone.released_s < zone.proposed_s;
}

export function isReleased(zone: ZoneStatus): boolean {
  return zone.step === "TAKE SHELTER";
}

const SEVERITY = ["QUIET", "ALL CLEAR", "MONITOR", "NOT WATCHING", "CAUTION", "TAKE SHELTER"];

/** The step that a chip of the whole site shows. */
export function worstStep(zones: readonly ZoneStatus[], siteId: string): string {
  let worst = -1;
  for (const zone of zones) {
    if (zone.site_id === siteId) worst = Math.max(worst, SEVERITY.indexOf(zone.step));
  }
  return SEVERITY[worst] ?? "QUIET";
}

const UNFOLDED = 2;
/** How many of an alarm's lines of the playbook stand open. A long playbook must not push another
 * alarm that nobody has seen out of sight; what has gone needs no line at once. */
export function unfoldedLines(alarms: readonly Alarm[], id: string, lines: number): number {
  const waits = (a: Alarm) => a.id !== id && a.step !== "MONITOR" && needsAcknowledging(a);
  if (!alarms.some(waits)) return lines;
  const own = alarms.find((a) => a.id === id);
  return own?.state === "returned unacknowledged" ? 0 : Math.min(lines, UNFOLDED);
}
