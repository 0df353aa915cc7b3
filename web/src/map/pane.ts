// One map with its tracks: an OpenLayers map of the still part, and above it a canvas of our
// own. A watch screen has one pane a site, and a small one that shows where everything is.

import { defaults as defaultInteractions } from "ol/interaction/defaults";
import OlMap from "ol/Map";
import View from "ol/View";
import type { TrackStore } from "../state/tracks";
import type { StillMap } from "./layers";
import { latOf, lonOf, mercatorX, mercatorY, stretch } from "./mercator";
import { type Drawn, type DrawOptions, type LabelText, TrackPainter, type Window } from "./overlay";
import type { Palette } from "./palette";
import { Symbols } from "./symbols";

export interface Scene {
  store: TrackStore;
  labels: readonly string[];
  text: LabelText;
  options: DrawOptions;
  below: (ctx: CanvasRenderingContext2D, window: Window, palette: Palette) => void;
  above: (ctx: CanvasRenderingContext2D, window: Window, palette: Palette) => void;
  coverage: boolean;
}

export interface PaneEvents {
  picked(wire: number, lat: number, lon: number): void;
  moved?(lat: number, lon: number): void;
}

/** A view that somebody chose: Web Mercator metres, and metres a pixel. */
export type Look = Pick<Window, "centreX" | "centreY" | "resolution">;

const FLY_MS = 350;

export class MapPane {
  readonly map: OlMap;
  readonly canvas = document.createElement("canvas");
  readonly painter: TrackPainter;
  drawMs = 0;
  drawn: Drawn = { tracks: 0, labels: 0 };
  #ctx: CanvasRenderingContext2D;
  #pending = false;
  #home: { lat: number; lon: number; radiusM: number } | null = null;
  #moved = false;
  #resize: ResizeObserver;

  constructor(
    readonly target: HTMLElement,
    still: StillMap,
    readonly scene: () => Scene,
    events: PaneEvents,
    { interactive = true, detail = true }: { interactive?: boolean; detail?: boolean } = {},
  ) {
    this.painter = new TrackPainter(
      still.palette,
      new Symbols(still.palette, window.devicePixelRatio),
    );
    this.map = new OlMap({
      target,
      layers: still.layersFor(detail),
      controls: [],
      interactions: interactive
        ? defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, keyboard: false })
        : [],
      view: new View({ center: [0, 0], zoom: 3, enableRotation: false, maxZoom: 19, minZoom: 2 }),
    });
    this.canvas.className = "overlay";
    this.canvas.setAttribute("aria-hidden", "true");
    target.appendChild(this.canvas);
    this.#ctx = this.canvas.getContext("2d")!;
    this.map.on("postrender", () => this.#draw());
    this.map.on("click", (event) => {
      const [x, y] = event.pixel as [number, number];
      const [lat, lon] = this.#place(x, y);
      events.picked(this.#hit(x, y), lat, lon);
    });
    this.map.on("pointerdrag", () => {
      this.#moved = true;
    });
    if (interactive) {
      target.addEventListener("wheel", () => (this.#moved = true), { passive: true });
    }
    if (events.moved) {
      this.map.on("pointermove", (event) => {
        const [x, y] = event.pixel as [number, number];
        events.moved?.(...this.#place(x, y));
      });
    }
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(target);
  }

  /** Where a person has moved the map to; null where it is at home. */
  get moved(): Look | null {
    const { centreX, centreY, resolution } = this.window();
    return this.#moved ? { centreX, centreY, resolution } : null;
  }

  /** Look where a person had moved the map to before another page was shown. */
  lookAgain(look: Look): void {
    this.#moved = true;
    this.map.getView().setCenter([look.centreX, look.centreY]);
    this.map.getView().setResolution(look.resolution);
  }

  dispose(): void {
    this.#resize.disconnect();
    this.map.setTarget(undefined);
    this.map.dispose();
    this.canvas.remove();
  }

  /** Look at a place so that radiusM around it is in view; this is where `home` comes back to. */
  lookAt(lat: number, lon: number, radiusM: number): void {
    this.#home = { lat, lon, radiusM };
    this.#moved = false;
    this.#fit();
  }

  home(): void {
    if (!this.#home) return;
    this.#moved = false;
    const { lat, lon, radiusM } = this.#home;
    this.fly(lat, lon, this.#resolutionFor(lat, radiusM));
  }

  fly(lat: number, lon: number, resolution?: number): void {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.getView().animate({
      center: [mercatorX(lon), mercatorY(lat)],
      ...(resolution ? { resolution } : {}),
      duration: calm ? 0 : FLY_MS,
    });
  }

  zoom(steps: number): void {
    this.#moved = true;
    this.map.getView().adjustZoom(steps);
  }

  pan(right: number, down: number): void {
    this.#moved = true;
    const resolution = this.map.getView().getResolution() ?? 1;
    this.map.getView().adjustCenter([right * resolution, -down * resolution]);
  }

  centreOn(lat: number, lon: number): void {
    this.map.getView().setCenter([mercatorX(lon), mercatorY(lat)]);
  }

  repaint(palette: Palette): void {
    this.painter.palette = palette;
    this.painter.symbols = new Symbols(palette, window.devicePixelRatio);
    this.redraw();
  }

  /** Draw the tracks soon, once, over the standing map. */
  redraw(): void {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => this.#draw());
  }

  window(): Window {
    const view = this.map.getView();
    const [centreX, centreY] = (view.getCenter() ?? [0, 0]) as [number, number];
    const { clientWidth: width, clientHeight: height } = this.target;
    return { centreX, centreY, resolution: view.getResolution() ?? 1, width, height };
  }

  #fit(): void {
    this.map.updateSize();
    if (this.#home && !this.#moved && this.target.clientWidth > 0) {
      const { lat, lon, radiusM } = this.#home;
      this.map.getView().setCenter([mercatorX(lon), mercatorY(lat)]);
      this.map.getView().setResolution(this.#resolutionFor(lat, radiusM));
    }
    this.redraw();
  }

  #resolutionFor(lat: number, radiusM: number): number {
    const pixels = Math.max(50, Math.min(this.target.clientWidth, this.target.clientHeight));
    return (2 * radiusM * stretch(lat)) / pixels;
  }

  #place(x: number, y: number): [number, number] {
    const [mx, my] = this.map.getCoordinateFromPixel([x, y]) as [number, number];
    return [latOf(my), lonOf(mx)];
  }

  #hit(x: number, y: number): number {
    const scene = this.scene();
    return this.painter.hit(this.window(), scene.store, x, y, scene.options.shown);
  }

  #draw(): void {
    this.#pending = false;
    const started = performance.now();
    const look = this.window();
    if (look.width === 0 || look.height === 0) return;
    const ratio = window.devicePixelRatio;
    const width = Math.round(look.width * ratio);
    const height = Math.round(look.height * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const ctx = this.#ctx;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, look.width, look.height);
    const scene = this.scene();
    for (const layer of this.map.getLayers().getArray()) {
      if (layer.get("name") === "coverage") layer.setVisible(scene.coverage);
    }
    scene.below(ctx, look, this.painter.palette);
    this.drawn = this.painter.draw(ctx, look, scene.store, scene.labels, scene.text, scene.options);
    scene.above(ctx, look, this.painter.palette);
    this.drawMs = performance.now() - started;
  }
}
