// What is wrong with a sensor, as a sentence that says what to look at.

import { clockSpan } from "../fmt";
import type { SensorStatus } from "../wire";

/** lost: how much of it found no room in the inbox. */
export function sensorSentence(s: SensorStatus, nowS: number, lost = 0): string {
  const ago = s.heard_s === null ? "" : clockSpan(nowS - s.heard_s);
  const rejected = Object.values(s.rejected ?? {}).reduce((a, b) => a + b, 0);
  switch (s.state) {
    case "never heard":
      return "Nothing has come yet: is it switched on, and does it send to the address in the site file?";
    case "silent":
      return `Nothing for ${ago}: look at its power, its cable and its network. No track is lowered by its silence.`;
    case "late":
      return `Late (${ago}): the link is slow, it turns slower than the site file says, or, where it only listens, nothing near it sends.`;
    case "fault":
      return "It says itself that it does not detect: read its own display.";
    case "clock fault":
      return s.clock_offset_s === null
        ? "Its clock is off by more than 30 s: set it; until then it is not tracked."
        : `Its clock is ${s.clock_offset_s.toFixed(1)} s off: set it; until then it is not tracked.`;
    case "contradicts":
      return "It disagrees with the others where they see the same things: check its bearing, position and range. It begins no track.";
    case "no pose":
      return "The site file does not say where it stands: its reports are shown, and make no track.";
    default:
      if (lost > 0)
        return `It sends more than can be taken (${lost} lost, nobody else’s): slow it down.`;
      if (rejected > Math.max(10, s.frames / 10))
        return "It is heard, but much of it cannot be used: see the reasons; the format or the edition may be another.";
      return found(s).join(" ") || "Heard and used.";
  }
}

/** In what it is plainly other than the site file says; it is used as what it is. */
export function found(s: SensorStatus): string[] {
  const out: string[] = [];
  if (s.false_alarms !== null)
    out.push(
      `It reports some ${Math.round(s.false_alarms)} false alarms a scan, far more than the site file says (rain, sea, trees, its threshold?): tracks of what it alone sees begin a little later.`,
    );
  else if (s.clutter_cells > 0)
    out.push(
      "Part of what it sees is thick with false alarms (a road, trees, a ridge?): tracks of what it alone sees begin a little later there.",
    );
  if (s.scatter !== null)
    out.push(
      `Its places scatter some ${s.scatter.toFixed(1)} times as much as the site file says (its sigmas, a loose mount, its clock?): they weigh that much less.`,
    );
  if (s.detection !== null)
    out.push(
      `In a look it sees some ${Math.round(100 * s.detection)} % of what is there, less than the site file says (its threshold, trees before it?): what it alone sees is held for longer without a new report.`,
    );
  const off = [
    amount(s.azimuth_error_deg, "azimuth", "°", 1, "too far clockwise", "too far anticlockwise"),
    amount(s.elevation_error_deg, "elevation", "°", 1, "too high", "too low"),
    amount(s.range_error_m, "range", " m", 0, "too long", "too short"),
    amount(s.time_error_s, "time", " s", 2, "late", "early"),
  ].filter(Boolean);
  if (off.length)
    out.push(
      `Beside the others it is off: ${off.join(", ")}. That is taken off its reports; level it, turn it north or measure its place anew when there is time.`,
    );
  return out;
}

function amount(
  value: number | null,
  name: string,
  unit: string,
  digits: number,
  more: string,
  less: string,
): string {
  if (value === null) return "";
  return `${name} ${Math.abs(value).toFixed(digits)}${unit} ${value > 0 ? more : less}`;
}
