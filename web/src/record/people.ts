// What people say of accounted, missing and hurt, by zone. The quantity holds the zone's name
// ("missing in Flight line"); what names no zone is of the whole site.

import type { Account, Told, Zone } from "./api";
import type { Nouns } from "./nouns.gen";

export const COUNTED = ["accounted", "missing", "hurt"] as const;
export type Counted = (typeof COUNTED)[number];
export type ToldAssertion = Told<Nouns["assert"]>;

// Words that speak of the same count.
const SAME: Record<Counted, readonly string[]> = {
  accounted: ["accounted", "accounted for", "all accounted for"],
  missing: ["missing", "unaccounted for"],
  hurt: ["hurt", "injured", "injuries", "wounded", "casualties"],
};

/** What is said of a count in a zone, or (null) of the site without a zone. */
export function toldOf(account: Account, counted: Counted, zone: Zone | null): ToldAssertion[] {
  return account.assertions.filter((row) => {
    if (row.withdrawn) return false;
    const [what, where] = row.noun.quantity
      .trim()
      .toLowerCase()
      .split(/ in (.+)/, 2);
    if (!SAME[counted].includes(what!)) return false;
    const named = account.zones.find((z) => isNamed(z, where ?? ""));
    return zone ? named?.id === zone.id : !named;
  });
}

const isNamed = (zone: Zone, words: string): boolean =>
  words !== "" && (zone.name.toLowerCase() === words || zone.id.toLowerCase() === words);

/** The quantity for how a track ended; "" where it is not said of which. */
export const outcomeOf = (track: string): string => (track ? `outcome of ${track}` : "outcome");

/** What people say of how a track ended; "": of the outcome, where none of the tracks is named. */
export function endsOf(account: Account, track: string): ToldAssertion[] {
  const wanted = outcomeOf(track).toLowerCase();
  return account.assertions.filter(
    (row) => !row.withdrawn && row.noun.quantity.trim().toLowerCase() === wanted,
  );
}

/** The bare value of a statement: "3", "about 40", "none reported". */
export function bareValue(row: ToldAssertion): string {
  const noun = row.noun;
  if (noun.state && noun.state !== "stated") return noun.state;
  const bound = noun.bound && noun.bound !== "exactly" ? `${noun.bound} ` : "";
  const total = noun.scope === "in all" && noun.about.length > 1 ? " (in all)" : "";
  return `${bound}${noun.value}${noun.unit ? ` ${noun.unit}` : ""}${total}`;
}

/** The newest headcount that the zone reported to the watch, in the watch's own words. */
export function headcountOf(zone: Zone): { at_s: number; by: string; text: string } | undefined {
  return zone.times.filter((t) => t.what === "account").at(-1);
}

export interface ZoneStory {
  highest: string;
  released: { at_s: number; by: string } | null;
  cleared: { at_s: number; by: string } | null;
}

const HEIGHT = ["QUIET", "ALL CLEAR", "MONITOR", "CAUTION", "TAKE SHELTER"];

/** What the watch did for a zone: the highest step, who released it, who cleared it. */
export function storyOf(zone: Zone): ZoneStory {
  const steps = zone.times.map((t) => HEIGHT.indexOf(t.step));
  const first = (what: string) => {
    const found = zone.times.find((t) => t.what === what);
    return found ? { at_s: found.at_s, by: found.by } : null;
  };
  return {
    highest: HEIGHT[Math.max(-1, ...steps)] ?? "",
    released: first("released"),
    cleared: first("cleared"),
  };
}
