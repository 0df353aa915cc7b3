// What the person has chosen to see. It lives in the address, so that a link or a reload shows
// the same; what belongs to the seat (theme, sound, keys) also stays in the browser's storage.

import { LAST_S } from "../fmt";
import type { Look } from "../map/pane";

export const THEMES = ["night", "day", "contrast"] as const;
export type Theme = (typeof THEMES)[number];
export const VECTORS_S = [30, 60, 120, 0] as const;

export type Layer = "labels" | "trails" | "coverage" | "rings" | "overview";
export const LAYERS: readonly Layer[] = ["labels", "trails", "coverage", "rings", "overview"];

/** The pages of this app. The watch (alarms, sound, live picture) runs on all of them. */
export type Page =
  | "watch"
  | "incidents"
  | "incident"
  | "import"
  | "replay"
  | "sensors"
  | "performance"
  | "shift"
  | "accounts"
  | "site"
  | "settings";
const PLAIN_PAGES: readonly string[] = [
  "replay",
  "sensors",
  "performance",
  "shift",
  "accounts",
  "site",
  "settings",
];

/** Pages of one thing: its id stands in the address. */
const WITH_ID: readonly string[] = ["incident", "import"];

export type Dialog =
  | { kind: "decide"; alarm: string }
  | { kind: "shelve"; alarm: string }
  | { kind: "refuse"; site: string; zones: string[] }
  | { kind: "clear"; site: string; zones: string[] }
  | { kind: "dispose"; track: string; name: string }
  | { kind: "raise" }
  | { kind: "sighting" }
  | { kind: "account"; site: string; zone: string }
  | { kind: "suspend"; site: string }
  | { kind: "resume"; site: string }
  | { kind: "explain"; alarm: string; option: string; words: string }
  | { kind: "palette" }
  | { kind: "help" };

export class View {
  page = $state<Page>("watch");
  /** Id of the incident, or of the import, that its page shows; "" on the others. */
  incident = $state("");
  /** Where a look back begins, Unix seconds; NaN: a minute ago. */
  at = $state(Number.NaN);
  /** An incident's page as it was known then, Unix seconds; null now. */
  known = $state<number | null>(null);
  /** Wire id of the selected track; 0 none. */
  selected = $state(0);
  /** Id of the site that fills the map; "" all sites side by side. */
  focus = $state("");
  follow = $state(false);
  layers = $state<Record<Layer, boolean>>({
    labels: true,
    trails: true,
    coverage: true,
    rings: true,
    overview: true,
  });
  vectorS = $state<number>(60);
  theme = $state<Theme>("night");
  filter = $state("");
  /** Id of the alarm under the cursor. */
  alarm = $state("");
  #dialog = $state.raw<Dialog | null>(null);
  /** When a dialog closed last, by the steady clock. */
  closedMs = Number.NEGATIVE_INFINITY;
  measuring = $state(false);
  /** Where a person has moved each map to, by its name: kept while another page is shown. */
  readonly looks = new Map<string, Look>();
  allLabels = $state(false);
  singleKeys = $state(true);
  kiosk = $state(false);

  get dialog(): Dialog | null {
    return this.#dialog;
  }

  set dialog(next: Dialog | null) {
    if (this.#dialog && !next) this.closedMs = performance.now();
    this.#dialog = next;
  }

  toggle(layer: Layer): void {
    this.layers[layer] = !this.layers[layer];
  }

  nextVector(): void {
    const at = VECTORS_S.indexOf(this.vectorS as (typeof VECTORS_S)[number]);
    this.vectorS = VECTORS_S[(at + 1) % VECTORS_S.length]!;
  }

  nextTheme(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]!;
  }

  /** Show another page; the address follows. */
  go(page: Page, incident = ""): void {
    this.page = page;
    this.incident = WITH_ID.includes(page) ? incident : "";
    this.known = null;
    this.dialog = null;
  }

  toHash(): string {
    return this.hashOf(this.page, this.incident);
  }

  /** The address of a page, with what was chosen on it and on this seat. */
  hashOf(page: Page, incident = ""): string {
    const query = new URLSearchParams();
    if (page === "watch") this.#watchQuery(query);
    if (page === "replay" && Number.isFinite(this.at)) query.set("at", String(Math.round(this.at)));
    if (page === "incident" && incident === this.incident && this.known !== null)
      query.set("known", String(this.known));
    if (this.theme !== "night") query.set("theme", this.theme);
    const text = query.toString().replace(/=(?=&|$)/g, "");
    const id = WITH_ID.includes(page) && incident ? `/${encodeURIComponent(incident)}` : "";
    const path = `${page}${id}`;
    return text ? `#/${path}?${text}` : `#/${path}`;
  }

  fromHash(hash: string): void {
    const [path, search] = hash.replace(/^#\/?/, "").split("?", 2);
    const query = new URLSearchParams(search ?? "");
    const theme = query.get("theme") ?? this.theme;
    if ((THEMES as readonly string[]).includes(theme)) this.theme = theme as Theme;
    this.#pageFrom(path ?? "");
    // What was chosen on the map stays as it is while another page is shown.
    if (this.page === "watch") this.#watchFrom(query);
    if (this.page === "replay") this.at = timeIn(query, "at");
    const known = this.page === "incident" ? timeIn(query, "known") : Number.NaN;
    this.known = Number.isFinite(known) ? known : null;
    // A link that a telephone opens: the form is there at once.
    if (path === "sighting") this.dialog = { kind: "sighting" };
  }

  #pageFrom(path: string): void {
    const [page, id] = path.split("/", 2);
    this.incident = WITH_ID.includes(page ?? "") ? decoded(id ?? "") : "";
    if (page === "import") this.page = "import";
    else if (page === "incidents" || (page === "incident" && !this.incident))
      this.page = "incidents";
    else if (PLAIN_PAGES.includes(page ?? "")) this.page = page as Page;
    else this.page = page === "incident" ? "incident" : "watch";
  }

  #watchQuery(query: URLSearchParams): void {
    if (this.focus) query.set("site", this.focus);
    const off = LAYERS.filter((layer) => !this.layers[layer]);
    if (off.length) query.set("off", off.join(","));
    if (this.vectorS !== 60) query.set("v", String(this.vectorS));
    if (this.filter) query.set("q", this.filter);
    if (this.kiosk) query.set("kiosk", "");
  }

  #watchFrom(query: URLSearchParams): void {
    this.focus = query.get("site") ?? "";
    const off = (query.get("off") ?? "").split(",");
    for (const layer of LAYERS) this.layers[layer] = !off.includes(layer);
    const vector = Number(query.get("v") ?? 60);
    this.vectorS = (VECTORS_S as readonly number[]).includes(vector) ? vector : 60;
    this.filter = query.get("q") ?? "";
    this.kiosk = query.has("kiosk");
  }
}

/** A time of an address, Unix seconds; NaN where there is none that a calendar has. */
function timeIn(query: URLSearchParams, name: string): number {
  const at = Number(query.get(name) || Number.NaN);
  return Math.abs(at) <= LAST_S ? at : Number.NaN;
}

/** A part of an address as text; one that was broken on its way stands as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
