// Times of the record as people type and read them: always UTC, and never more exact than said.

import { LAST_S } from "../fmt";
import type { TimeSaid } from "./nouns.gen";

/** "2026-08-05T18:00" or with seconds, read as UTC, in Unix seconds; null where it is none. */
export function unixOf(text: string): number | null {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  return Number.isFinite(ms) ? ms / 1000 : null;
}

/** Unix seconds as a field of type datetime-local holds them; "" where there are none. */
export function fieldOf(unixS: number | null | undefined): string {
  if (unixS === null || unixS === undefined || !(Math.abs(unixS) <= LAST_S)) return "";
  return new Date(unixS * 1000).toISOString().slice(0, 19);
}

/** "2026-08-05 18:00:00Z". */
export function moment(unixS: number | null | undefined): string {
  const text = fieldOf(unixS);
  return text ? `${text.replace("T", " ")}Z` : "–";
}

/** A time as it was said and as it was resolved; "time not stated" where there is neither. */
export function timeWords(time: TimeSaid | undefined): string {
  const said = time?.verbatim ? `“${time.verbatim}”` : "";
  const from = time?.earliest_s;
  if (from === null || from === undefined) {
    const why = time?.why_unresolved ? `not resolved: ${time.why_unresolved}` : "";
    return [said, why].filter(Boolean).join(", ") || "time not stated";
  }
  const to = time?.latest_s;
  const when =
    to === null || to === undefined || to === from
      ? moment(from)
      : `between ${moment(from)} and ${moment(to)}`;
  return said ? `${when}, said as ${said}` : when;
}
