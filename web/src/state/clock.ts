// The service's clock as the browser knows it. All ages on the screen are wall seconds: a
// replay at twenty times the speed whose picture is four seconds old in its own time is 0.2 s
// late for the person who looks at it.

export const DELAYED_S = 2;
export const NOT_LIVE_S = 5;
/** A closed socket is known to be no picture; this long a reconnection may take unremarked. */
export const RECONNECT_GRACE_S = 3;

export type Freshness = "waiting" | "live" | "delayed" | "dead";

export class ServerClock {
  #nowS = Number.NaN;
  #rate = 1;
  #atMs = 0;

  set(nowS: number, rate: number, wallMs: number): void {
    this.#nowS = nowS;
    this.#rate = rate;
    this.#atMs = wallMs;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Unix seconds of the service at `wallMs` (performance.now()); NaN before the first clock. */
  now(wallMs: number): number {
    return this.#nowS + (this.#rate * (wallMs - this.#atMs)) / 1000;
  }

  /** How many wall seconds old a picture of time `tS` is; 0 while the service's time stands. */
  ageS(tS: number, wallMs: number): number {
    if (!(this.#rate > 0)) return 0;
    return Math.max(0, (this.now(wallMs) - tS) / this.#rate);
  }
}

/** What the screen must say about its own picture.
 *
 * ageS: age of the picture in wall seconds; silentS: since the last frame of any kind; closedS:
 * how long there has been no connection (0 with one).
 */
export function freshness(
  hasPicture: boolean,
  ageS: number,
  silentS: number,
  closedS: number,
): Freshness {
  const worst = Math.max(ageS, silentS);
  if (!hasPicture) return silentS > NOT_LIVE_S || closedS > RECONNECT_GRACE_S ? "dead" : "waiting";
  if (worst >= NOT_LIVE_S || closedS >= RECONNECT_GRACE_S) return "dead";
  return worst >= DELAYED_S || closedS > 0 ? "delayed" : "live";
}
