// An incident as it stood at one moment: what the watch had done by then, zone by zone and track
// by track. Nothing stands between two moments that are recorded: a track has the place where it
// was first shown, and no other.

import type { Account } from "./api";

export interface Then {
  /** The step of each zone, by its id; "" nothing was recorded of it yet. */
  steps: Record<string, string>;
  /** Tracks that had been seen by then, and those of them that had ended. */
  seen: Set<string>;
  ended: Set<string>;
  /** The newest thing that had happened; "" nothing yet. */
  newest: string;
}

/** The moments that the watch recorded, in their order, each once; Unix seconds. */
export function stopsOf(account: Account): number[] {
  const found = [
    ...account.tracks.flatMap((t) => [t.first_seen_s, t.ended_s]),
    ...account.zones.flatMap((z) => [
      ...z.times.map((t) => t.at_s),
      ...z.unwatched.flatMap((u) => [u.from_s, u.until_s]),
    ]),
    ...(account.alarm?.times ?? []).map((t) => t.at_s),
  ].filter((at): at is number => typeof at === "number");
  return [...new Set(found)].sort((a, b) => a - b);
}

export function thenOf(account: Account, atS: number): Then {
  const steps = account.zones.map((zone): [string, string] => {
    const blind = zone.unwatched.some(
      (u) => u.from_s <= atS && (u.until_s === null || u.until_s > atS),
    );
    const told = zone.times.filter((t) => t.at_s <= atS && t.step).at(-1);
    return [zone.id, blind ? "NOT WATCHING" : (told?.step ?? "")];
  });
  const by = (at: number | null) => at !== null && at <= atS;
  return {
    steps: Object.fromEntries(steps),
    seen: new Set(account.tracks.filter((t) => by(t.first_seen_s)).map((t) => t.track)),
    ended: new Set(account.tracks.filter((t) => by(t.ended_s)).map((t) => t.track)),
    newest: account.timeline.filter((row) => by(row.happened_s)).at(-1)?.text ?? "",
  };
}

/** The moment before (-1) or after (1) one; null where there is none. */
export function nextStop(stops: readonly number[], atS: number, way: -1 | 1): number | null {
  return way > 0
    ? (stops.find((s) => s > atS) ?? null)
    : ([...stops].reverse().find((s) => s < atS) ?? null);
}

/** The address of an incident's page for another person, as it was known at a time. */
export function shareLink(origin: string, path: string, id: string, knownS: number | null): string {
  const known = knownS === null ? "" : `?known=${Math.round(knownS)}`;
  return `${origin}${path}#/incident/${encodeURIComponent(id)}${known}`;
}
