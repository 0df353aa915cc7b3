// The still part of the map, as OpenLayers vector layers: countries, zones, runways and
// perimeters, sensors with their ranges. The sources are shared by all panes.

import type { FeatureCollection } from "geojson";
import Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Fill, RegularShape, Stroke, Style, Text } from "ol/style";
import type {
  NodeInfo,
  SensorInfo,
  SensorStatus,
  SiteInfo,
  VolumeInfo,
  VolumeStatus,
  ZoneInfo,
  ZoneStatus,
} from "../wire";
import { mercatorX, mercatorY, sectorRing } from "./mercator";
import { FONT } from "./overlay";
import { faded, type Palette, stepColour } from "./palette";

type Look = (feature: Feature, resolution: number) => Style | Style[] | undefined;

export class StillMap {
  readonly countries = new VectorSource<Feature>();
  readonly plans = new VectorSource<Feature>();
  readonly zones = new VectorSource<Feature>();
  readonly sensors = new VectorSource<Feature>();
  #steps = new Map<string, string>();
  #states = new Map<string, string>();
  #volumes = new Map<string, string>();
  #node: NodeInfo | null = null;

  constructor(public palette: Palette) {}

  /** Lay the zones and sensors of a node, and fetch the plans of its sites. */
  lay(node: NodeInfo, ask: (site: string) => Promise<FeatureCollection | null>): void {
    if (JSON.stringify(node.sites) === JSON.stringify(this.#node?.sites)) return;
    this.#node = node;
    for (const source of [this.zones, this.sensors, this.plans]) source.clear();
    for (const site of node.sites) {
      for (const zone of site.zones) this.zones.addFeature(zoneFeature(site, zone));
      for (const volume of site.volumes ?? []) this.zones.addFeature(volumeFeature(site, volume));
      void ask(site.id).then((plan) => plan && this.#addPlan(plan));
    }
    for (const sensor of node.sensors) this.sensors.addFeatures(sensorFeatures(sensor));
  }

  setZones(zones: readonly ZoneStatus[]): void {
    const steps = new Map(zones.map((z) => [`${z.site_id}/${z.zone_id}`, z.step]));
    if (sameMap(steps, this.#steps)) return;
    this.#steps = steps;
    this.zones.changed();
  }

  setVolumes(volumes: readonly VolumeStatus[]): void {
    const states = new Map(volumes.map((v) => [`${v.site_id}/volume/${v.volume_id}`, v.state]));
    if (sameMap(states, this.#volumes)) return;
    this.#volumes = states;
    this.zones.changed();
  }

  setSensors(sensors: readonly SensorStatus[]): void {
    const states = new Map(sensors.map((s) => [s.sensor_id, s.state]));
    if (sameMap(states, this.#states)) return;
    this.#states = states;
    this.sensors.changed();
  }

  /** Natural Earth countries: asked for after the first paint, 1:50 million. */
  async loadCountries(): Promise<void> {
    if (this.countries.getFeatures().length > 0) return;
    const { readCountries } = await import("./basemap");
    this.countries.addFeatures(await readCountries());
  }

  repaint(palette: Palette): void {
    this.palette = palette;
    for (const source of [this.countries, this.plans, this.zones, this.sensors]) source.changed();
  }

  layersFor(withDetail: boolean): VectorLayer[] {
    const layer = (source: VectorSource<Feature>, look: Look, zIndex: number) =>
      new VectorLayer({
        source,
        style: look as never,
        zIndex,
        updateWhileAnimating: true,
        updateWhileInteracting: true,
      });
    const base = layer(this.countries, (f, r) => this.#countryStyle(f, r), 0);
    if (!withDetail) return [base];
    const sensors = layer(this.sensors, (f) => this.#sensorStyle(f), 1);
    sensors.set("name", "coverage");
    return [
      base,
      sensors,
      layer(this.plans, (f) => this.#planStyle(f), 2),
      layer(this.zones, (f, r) => this.#zoneStyle(f, r), 3),
    ];
  }

  #addPlan(plan: FeatureCollection): void {
    const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
    this.plans.addFeatures(format.readFeatures(plan) as Feature[]);
  }

  #countryStyle(feature: Feature, resolution: number): Style[] {
    const styles = [
      new Style({
        fill: new Fill({ color: this.palette.land }),
        stroke: new Stroke({ color: this.palette.border, width: 1.2 }),
      }),
    ];
    if (resolution > 400 && resolution < 6000) {
      styles.push(
        new Style({
          text: new Text({
            text: String(feature.get("name") ?? "").toUpperCase(),
            font: `600 10px ${FONT}`,
            fill: new Fill({ color: this.palette.muted }),
            overflow: false,
          }),
        }),
      );
    }
    return styles;
  }

  #planStyle(feature: Feature): Style {
    const kind = `${feature.get("kind") ?? feature.get("type") ?? ""}`;
    if (kind.includes("runway")) {
      return new Style({
        stroke: new Stroke({ color: this.palette.runway, width: 3.5, lineCap: "butt" }),
        fill: new Fill({ color: this.palette.runway }),
      });
    }
    return new Style({
      stroke: new Stroke({ color: this.palette.line, width: 1.2, lineDash: [7, 3, 1.5, 3] }),
    });
  }

  #zoneStyle(feature: Feature, resolution: number): Style {
    if (feature.get("volume")) return this.#volumeStyle(feature, resolution);
    const step = this.#steps.get(String(feature.getId())) ?? "QUIET";
    const colour = stepColour(this.palette, step);
    const urgent = step === "TAKE SHELTER" || step === "CAUTION";
    const style = new Style({
      fill: new Fill({ color: faded(colour, urgent ? 0.34 : 0.16) }),
      stroke: new Stroke({
        color: colour,
        width: urgent ? 2.2 : 1.4,
        ...(step === "NOT WATCHING" ? { lineDash: [3, 3] } : {}),
      }),
    });
    if (resolution < 40) {
      style.setText(
        new Text({
          text: String(feature.get("name")),
          font: `600 11px ${FONT}`,
          fill: new Fill({ color: this.palette.text }),
          backgroundFill: new Fill({ color: faded(this.palette.bg, 0.7) }),
          padding: [2, 3, 1, 3],
          overflow: true,
        }),
      );
    }
    return style;
  }

  /** A protected volume: long dashes, filled only while it is not free. */
  #volumeStyle(feature: Feature, resolution: number): Style {
    const state = this.#volumes.get(String(feature.getId())) ?? "free";
    const colour =
      state === "occupied"
        ? this.palette.p1
        : state === "expected"
          ? this.palette.p2
          : this.palette.aircraft;
    const style = new Style({
      fill: new Fill({ color: faded(colour, state === "free" ? 0.04 : 0.22) }),
      stroke: new Stroke({ color: colour, width: state === "free" ? 1.2 : 2, lineDash: [9, 4] }),
    });
    if (resolution < 40) {
      style.setText(
        new Text({
          text: `${feature.get("name")}${state === "free" ? "" : `: ${state}`}`,
          font: `500 10.5px ${FONT}`,
          fill: new Fill({ color: this.palette.text }),
          backgroundFill: new Fill({ color: faded(this.palette.bg, 0.7) }),
          padding: [2, 3, 1, 3],
          overflow: true,
        }),
      );
    }
    return style;
  }

  #sensorStyle(feature: Feature): Style {
    const state = this.#states.get(String(feature.get("sensor"))) ?? "";
    const fine = state === "ok" || state === "";
    const colour = fine ? this.palette.coverage : this.palette.p2;
    if (feature.getGeometry() instanceof Point) {
      return new Style({
        image: new RegularShape({
          points: 4,
          radius: 5,
          angle: Math.PI / 4,
          fill: new Fill({ color: this.palette.bg }),
          stroke: new Stroke({ color: fine ? this.palette.muted : colour, width: 1.5 }),
        }),
      });
    }
    return new Style({
      stroke: new Stroke({ color: colour, width: 1, lineDash: [1.5, 4] }),
    });
  }
}

function ringOf(outline: [number, number][]): number[][] {
  const ring = outline.map(([lon, lat]) => [mercatorX(lon), mercatorY(lat)]);
  if (ring.length > 0) ring.push(ring[0]!);
  return ring;
}

function volumeFeature(site: SiteInfo, volume: VolumeInfo): Feature {
  const geometry = new Polygon([ringOf(volume.outline)]);
  const feature = new Feature({ geometry, name: volume.name || volume.id, volume: true });
  feature.setId(`${site.id}/volume/${volume.id}`);
  return feature;
}

function zoneFeature(site: SiteInfo, zone: ZoneInfo): Feature {
  const geometry = new Polygon([ringOf(zone.outline)]);
  const feature = new Feature({ geometry, name: zone.name || zone.id });
  feature.setId(`${site.id}/${zone.id}`);
  return feature;
}

function sensorFeatures(sensor: SensorInfo): Feature[] {
  if (sensor.lat === null || sensor.lon === null) return [];
  const point = new Point([mercatorX(sensor.lon), mercatorY(sensor.lat)]);
  const features = [new Feature({ geometry: point, sensor: sensor.id })];
  // What hears declared aircraft reaches far beyond every pane: its outline would say nothing.
  const range = sensor.max_range_m ?? 0;
  if (range > 0 && range < 100_000) {
    const ring = sectorRing(
      sensor.lat,
      sensor.lon,
      range,
      sensor.azimuth_center_deg ?? 0,
      sensor.azimuth_width_deg ?? 360,
    );
    features.push(new Feature({ geometry: new Polygon([ring]), sensor: sensor.id }) as never);
  }
  return features;
}

function sameMap(a: Map<string, string>, b: Map<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
