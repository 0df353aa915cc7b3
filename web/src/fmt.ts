// Numbers as people read them. SI inside; here is the one place where units meet the eye.

import { seat } from "./state/seat.svelte";

const FOOT_M = 0.3048;
const YARD_M = 0.9144;
const MILE_M = 1609.344;
const NAUTICAL_M = 1852;
/** What the bar of a map counts in: kilometres are named from 1000 m on. */
export const BAR_UNITS = {
  metric: { m: 1, word: "m" },
  nautical: { m: NAUTICAL_M, word: "NM" },
  imperial: { m: MILE_M, word: "mi" },
} as const;
/** The last second that a date can hold (ECMA-262, 21.4.1.1), and how far back the first is. */
export const LAST_S = 8.64e12;
const isTime = (unixS: number) => Math.abs(unixS) <= LAST_S;

/** "0:08", "3:12", "1:02:03"; "-" where there is no number. */
export function clockSpan(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** "02:14:39" in UTC; "--:--:--" before the first clock. */
export function utcTime(unixS: number): string {
  if (!isTime(unixS)) return "--:--:--";
  return new Date(unixS * 1000).toISOString().slice(11, 19);
}

export function utcDate(unixS: number): string {
  return isTime(unixS) ? new Date(unixS * 1000).toISOString().slice(0, 10) : "";
}

export function localTime(unixS: number): string {
  if (!isTime(unixS)) return "--:--";
  return new Date(unixS * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** The time by the seat's clock: "02:14:39Z", or "03:14:39 local". */
export function clockTime(unixS: number): string {
  if (seat.clock === "UTC" || !isTime(unixS)) return `${utcTime(unixS)}Z`;
  return `${new Date(unixS * 1000).toLocaleTimeString("en-GB")} local`;
}

/** How far: whole tens of metres, kilometres from 2 km on; miles and yards as the seat has it. */
export function distance(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const far = Math.abs(value) >= 2000;
  if (seat.units === "nautical") return `${(value / NAUTICAL_M).toFixed(far ? 1 : 2)} NM`;
  if (seat.units === "imperial")
    return far ? `${(value / MILE_M).toFixed(1)} mi` : `${Math.round(value / YARD_M / 10) * 10} yd`;
  return far ? `${(value / 1000).toFixed(1)} km` : `${Math.round(value / 10) * 10} m`;
}

/** How high: as a distance in metres, in whole 50 feet otherwise. */
export function height(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (seat.units === "metric") return distance(value);
  return `${Math.round(value / FOOT_M / 50) * 50} ft`;
}

/** How fast, with its unit. */
export function speed(mps: number): string {
  return Number.isFinite(mps) ? `${speedNumber(mps)} ${speedUnit()}` : "–";
}

/** How fast it climbs or sinks: "↑3 m/s", "↓590 ft/min". */
export function climb(upMps: number): string {
  const [fast, unit] =
    seat.units === "metric"
      ? [Math.abs(upMps).toFixed(0), "m/s"]
      : [String(Math.round((Math.abs(upMps) * 60) / FOOT_M / 10) * 10), "ft/min"];
  return `${upMps > 0 ? "↑" : "↓"}${fast} ${unit}`;
}

/** How fast, for a column that names its unit above. */
export function speedNumber(mps: number): string {
  const unit = { metric: 1, nautical: NAUTICAL_M / 3600, imperial: MILE_M / 3600 }[seat.units];
  return Number.isFinite(mps) ? String(Math.round(mps / unit)) : "–";
}

export function speedUnit(): string {
  return { metric: "m/s", nautical: "kt", imperial: "mph" }[seat.units];
}

export function degrees(value: number): string {
  return Number.isFinite(value) ? `${String(Math.round(value) % 360).padStart(3, "0")}°` : "–";
}

/** "1 track", "2 tracks". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** Chance as words, so that a number never stands alone. */
export function sureness(percent: number): string {
  if (percent >= 90) return "almost sure";
  if (percent >= 70) return "likely";
  if (percent >= 50) return "more likely than not";
  return "unsure";
}
