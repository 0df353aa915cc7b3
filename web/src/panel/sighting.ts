// From where something was seen, and when: what the form of a sighting must not change by itself.

import type { SightingReport } from "../state/acts";
import type { SiteInfo } from "../wire";

/** What "Seen from, or over" offers: "post:ID" ("post:" where the site names none), "here" (where
 * this device is) or "zone:ID" (over that zone). */
export function placesOf(site: SiteInfo, isHere: boolean): string[] {
  const posts = site.posts?.length ? site.posts : [""];
  return [
    ...posts.map((post) => `post:${post}`),
    ...(isHere ? ["here"] : []),
    ...site.zones.map((zone) => `zone:${zone.id}`),
  ];
}

/** When something was seen that was "5 min ago" as the form was sent first: sent again unchanged,
 * it is the same sighting. */
export class SeenAt {
  #told = "";
  #seenS = 0;

  of(told: SightingReport & { site: string; text: string }, agoMin: number, nowS: number): number {
    const all = JSON.stringify([told, agoMin]);
    if (all !== this.#told) [this.#told, this.#seenS] = [all, nowS - agoMin * 60];
    return this.#seenS;
  }
}
