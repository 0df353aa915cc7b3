// What belongs to the seat and not to a link: units, which clock comes first, theme, keys. Kept in
// this browser's storage; a browser that keeps none forgets them.

export const UNITS = ["metric", "nautical", "imperial"] as const;
export type Units = (typeof UNITS)[number];
export const CLOCKS = ["UTC", "local"] as const;
export type Clock = (typeof CLOCKS)[number];

const NAME = "tocsin.seat";

/** The words of the seat; one place, for numbers are written in many. */
class Seat {
  units = $state<Units>("metric");
  clock = $state<Clock>("UTC");
  theme = $state("");
  singleKeys = $state(true);

  /** Take what was kept; what is not known of these is left out. */
  load(kept: string | null): void {
    let raw: Record<string, unknown>;
    try {
      raw = JSON.parse(kept ?? "{}") as Record<string, unknown>;
    } catch {
      return;
    }
    if ((UNITS as readonly unknown[]).includes(raw.units)) this.units = raw.units as Units;
    if ((CLOCKS as readonly unknown[]).includes(raw.clock)) this.clock = raw.clock as Clock;
    if (typeof raw.theme === "string") this.theme = raw.theme;
    if (typeof raw.singleKeys === "boolean") this.singleKeys = raw.singleKeys;
  }

  text(): string {
    const { units, clock, theme, singleKeys } = this;
    return JSON.stringify({ units, clock, theme, singleKeys });
  }
}

export const seat = new Seat();

export function loadSeat(): void {
  try {
    seat.load(localStorage.getItem(NAME));
  } catch {
    // a browser that keeps nothing
  }
}

export function keepSeat(): void {
  try {
    localStorage.setItem(NAME, seat.text());
  } catch {
    // a browser that keeps nothing
  }
}
