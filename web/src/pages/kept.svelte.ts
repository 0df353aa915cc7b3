// What somebody has typed or drawn on a page and not sent yet. It outlives a look at another page:
// an alarm is the very reason to leave one.

import type { Draft } from "./site/draw";

/** The site file as it was loaded. */
export interface SiteFile {
  name: string;
  digest: string;
  is_newer: boolean;
  chosen: number;
  is_next: boolean;
  next: string;
  sites: Draft["sites"];
  sensors: Draft["sensors"];
}

class Kept {
  /** The note to the next shift. */
  note = $state("");
  /** Who, signed in by name, has begun a shift on this page; "" nobody. */
  begunBy = $state("");
  /** The article to be imported. */
  article = $state("");
  /** The site file, what is drawn, and what it was before each change. */
  file = $state.raw<SiteFile | null>(null);
  draft = $state.raw<Draft | null>(null);
  before = $state.raw<Draft[]>([]);
  site = $state("");
}

export const kept = new Kept();
