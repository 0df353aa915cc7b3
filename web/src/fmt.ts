// Numbers as people read them. SI inside; here is the one place where units meet the eye.

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
  if (!Number.isFinite(unixS)) return "--:--:--";
  return new Date(unixS * 1000).toISOString().slice(11, 19);
}

export function utcDate(unixS: number): string {
  return Number.isFinite(unixS) ? new Date(unixS * 1000).toISOString().slice(0, 10) : "";
}

export function localTime(unixS: number): string {
  if (!Number.isFinite(unixS)) return "--:--";
  return new Date(unixS * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function metres(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) < 2000) return `${Math.round(value / 10) * 10} m`;
  return `${(value / 1000).toFixed(1)} km`;
}

export function speed(mps: number): string {
  return Number.isFinite(mps) ? `${Math.round(mps)} m/s` : "–";
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
