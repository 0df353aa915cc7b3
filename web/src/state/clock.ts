// The service's clock as the browser knows it. All ages on the screen are wall seconds: a
// replay at twenty times the speed whose picture is four seconds old in its own time is 0.2 s
// late for the person who looks at it.

export const DELAYED_S = 2;
export const NOT_LIVE_S = 5;
/** A closed socket is known to be no picture; this long a reconnection may take unremarked. */
export const RECONNECT_GRACE_S = 3;

/** A frame that came late would set the clock back, and a late picture would look fresh. The
 * clock gives way by this share of the time only: more than two clocks drift apart (1e-4). */
const GIVES_WAY = 0.01;

export type Freshness = "waiting" | "live" | "delayed" | "dead";

export class ServerClock {
  #nowS = Number.NaN;
  #rate = 1;
  #atMs = 0;
  /** What the last frame said. */
  #toldS = Number.NaN;

  set(nowS: number, rate: number, wallMs: number): void {
    this.#toldS = nowS;
    this.#nowS = nowS;
    this.#rate = rate;
    this.#atMs = wallMs;
  }

  /** As `set`, of a clock that runs by itself: what it says later than expected was late on its
   * way. A clock that says less than before was set back, and is believed. */
  follow(nowS: number, rate: number, wallMs: number): void {
    const wasSetBack = nowS < this.#toldS || rate !== this.#rate;
    const leastS = this.now(wallMs) - (GIVES_WAY * rate * (wallMs - this.#atMs)) / 1000;
    this.set(wasSetBack || !(nowS < leastS) ? nowS : leastS, rate, wallMs);
    this.#toldS = nowS;
  }

  /** The next frame is of another connection. */
  forget(): void {
    this.#toldS = Number.POSITIVE_INFINITY;
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
 * ageS: age of the picture in wall seconds, before the first how long it has not come; silentS:
 * since the last frame of any kind; closedS: how long there has been no connection (0 with one).
 */
export function freshness(
  hasPicture: boolean,
  ageS: number,
  silentS: number,
  closedS: number,
): Freshness {
  const worst = Math.max(ageS, silentS);
  if (!hasPicture) return worst > NOT_LIVE_S || closedS > RECONNECT_GRACE_S ? "dead" : "waiting";
  if (worst >= NOT_LIVE_S || closedS >= RECONNECT_GRACE_S) return "dead";
  return worst >= DELAYED_S || closedS > 0 ? "delayed" : "live";
}
