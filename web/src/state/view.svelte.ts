// What the person has chosen to see. It lives in the address, so that a link or a reload shows
// the same; what belongs to the seat (theme, sound, keys) also stays in the browser's storage.

export const THEMES = ["night", "day", "contrast"] as const;
export type Theme = (typeof THEMES)[number];
export const VECTORS_S = [30, 60, 120, 0] as const;

export type Layer = "labels" | "trails" | "coverage" | "rings" | "overview";
export const LAYERS: readonly Layer[] = ["labels", "trails", "coverage", "rings", "overview"];

export type Dialog =
  | { kind: "decide"; alarm: string }
  | { kind: "refuse"; site: string; zones: string[] }
  | { kind: "clear"; site: string; zones: string[] }
  | { kind: "dispose"; track: string; name: string }
  | { kind: "help" };

export class View {
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
  dialog = $state.raw<Dialog | null>(null);
  measuring = $state(false);
  allLabels = $state(false);
  singleKeys = $state(true);
  kiosk = $state(false);

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

  toHash(): string {
    const query = new URLSearchParams();
    if (this.focus) query.set("site", this.focus);
    const off = LAYERS.filter((layer) => !this.layers[layer]);
    if (off.length) query.set("off", off.join(","));
    if (this.vectorS !== 60) query.set("v", String(this.vectorS));
    if (this.theme !== "night") query.set("theme", this.theme);
    if (this.filter) query.set("q", this.filter);
    if (this.kiosk) query.set("kiosk", "");
    const text = query.toString().replace(/=(?=&|$)/g, "");
    return text ? `#/watch?${text}` : "#/watch";
  }

  fromHash(hash: string): void {
    const query = new URLSearchParams(hash.split("?", 2)[1] ?? "");
    this.focus = query.get("site") ?? "";
    const off = (query.get("off") ?? "").split(",");
    for (const layer of LAYERS) this.layers[layer] = !off.includes(layer);
    const vector = Number(query.get("v") ?? 60);
    this.vectorS = (VECTORS_S as readonly number[]).includes(vector) ? vector : 60;
    const theme = query.get("theme") ?? this.theme;
    if ((THEMES as readonly string[]).includes(theme)) this.theme = theme as Theme;
    this.filter = query.get("q") ?? "";
    this.kiosk = query.has("kiosk");
  }
}
