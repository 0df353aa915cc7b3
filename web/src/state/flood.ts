// Flood mode (ANSI/ISA-18.2, EEMUA 191): more than ten alarms in ten minutes are more than one
// person can take one by one. Then the list is one summary a site, with what came first and what
// is worst, and only what somebody has to answer stands as a card. Pure functions.

import type { Alarm } from "../wire";
import { isActive, needsAcknowledging, sortAlarms } from "./alarms";

export const FLOOD_S = 600;
/** A flood begins above this many in FLOOD_S, and ends below END: it does not flicker. */
export const BEGIN = 10;
export const END = 5;

/** How many alarms were raised in the last ten minutes. */
export function raisedLately(alarms: readonly Alarm[], nowS: number): number {
  return alarms.filter((a) => a.raised_s !== null && nowS - a.raised_s < FLOOD_S).length;
}

export function isFlood(was: boolean, raised: number): boolean {
  return was ? raised >= END : raised > BEGIN;
}

/** What sounds in a flood: of each site the worst that has to be answered, and no other. */
export function loudest(alarms: readonly Alarm[]): Alarm[] {
  const first = new Map<string, Alarm>();
  for (const alarm of sortAlarms(alarms.filter(needsAcknowledging)))
    if (!first.has(alarm.site_id)) first.set(alarm.site_id, alarm);
  return [...first.values()];
}

export interface SiteFlood {
  siteId: string;
  /** Open alarms by step, worst first. */
  steps: [step: string, count: number][];
  tracks: number;
  open: number;
  /** The one that was raised first of those that are still open. */
  first: Alarm;
  /** What has to be answered, worst first; shown as cards. */
  cards: Alarm[];
  /** What nobody has to answer now: acknowledged, shelved, below CAUTION; folded. */
  folded: Alarm[];
}

const MOST_CARDS = 3;

/** One summary a site, worst first; closed alarms are in none. current: always a card. */
export function bySite(alarms: readonly Alarm[], current = ""): SiteFlood[] {
  const found = new Map<string, Alarm[]>();
  for (const alarm of sortAlarms(alarms.filter(isActive))) {
    found.set(alarm.site_id, [...(found.get(alarm.site_id) ?? []), alarm]);
  }
  return [...found].map(([siteId, mine]) => summary(siteId, mine, current));
}

function summary(siteId: string, mine: Alarm[], current: string): SiteFlood {
  const steps = new Map<string, number>();
  for (const alarm of mine) steps.set(alarm.step, (steps.get(alarm.step) ?? 0) + 1);
  const urgent = mine.filter((a) => needsAcknowledging(a) && a.step !== "MONITOR");
  const shown = new Set(
    urgent
      .slice(0, MOST_CARDS)
      .map((a) => a.id)
      .concat(current),
  );
  // TAKE SHELTER never hides, acknowledged or not.
  for (const alarm of mine) if (alarm.step === "TAKE SHELTER") shown.add(alarm.id);
  const raised = (a: Alarm) => a.raised_s ?? Number.POSITIVE_INFINITY;
  return {
    siteId,
    steps: [...steps],
    tracks: new Set(mine.flatMap((a) => a.tracks)).size,
    open: mine.filter(needsAcknowledging).length,
    first: mine.reduce((a, b) => (raised(b) < raised(a) ? b : a)),
    cards: mine.filter((a) => shown.has(a.id)),
    folded: mine.filter((a) => !shown.has(a.id)),
  };
}
