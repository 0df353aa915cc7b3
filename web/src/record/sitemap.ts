// The map of one incident as plain shapes: kilometres around the site, north up. Positions are
// projected on the plane that touches the earth at the middle (within 1 m over 20 km here).

import type { FeatureCollection, Position } from "geojson";
import type { Account } from "./api";

export interface Shape {
  /** Of a zone: its id; "" of the others. */
  id: string;
  kind: "zone" | "perimeter" | "runway";
  label: string;
  points: string;
  at: [number, number];
}

export interface Mark {
  /** Of a track: its id; "" of a place. */
  track: string;
  label: string;
  title: string;
  at: [number, number];
}

export interface SiteMap {
  width: number;
  height: number;
  shapes: Shape[];
  marks: Mark[];
  /** A round length and its pixels. */
  scale: { words: string; px: number };
}

const WIDTH = 640;
const HEIGHT = 400;
const MARGIN = 34;
const EARTH_M_PER_DEG = 111_195; // of a great circle on a sphere of 6,371 km
const LEAST_M = 2_000;

type Point = [lon: number, lat: number];

/** Lay out a map; null where nothing of it has a place. `saw`: track -> its mark's label. */
export function layOut(
  account: Account,
  plan: FeatureCollection | null,
  name: (track: string) => string,
): SiteMap | null {
  const zones = account.zones.filter((z) => z.outline.length > 2);
  const tracks = account.tracks.filter((t) => t.lat !== null && t.lon !== null);
  const home: Point[] =
    account.summary.lat !== null && account.summary.lon !== null
      ? [[account.summary.lon, account.summary.lat]]
      : [];
  const located = Object.values(account.places ?? {}).filter(
    (p) => typeof p.noun.lat === "number" && typeof p.noun.lon === "number",
  );
  const all: Point[] = [
    ...zones.flatMap((z) => z.outline),
    ...tracks.map((t): Point => [t.lon!, t.lat!]),
    ...located.map((p): Point => [p.noun.lon!, p.noun.lat!]),
    ...home,
  ];
  if (all.length === 0) return null;
  const view = viewOf(all);
  const places = located.map(
    (p): Mark => ({
      track: "",
      label: p.noun.name || p.noun.as_stated || p.id,
      title: `place, position from ${p.noun.position_source}`,
      at: view.at([p.noun.lon!, p.noun.lat!]),
    }),
  );
  const only: Mark[] =
    home.length && !places.length && !zones.length
      ? [
          {
            track: "",
            label: account.summary.site_name || account.summary.site,
            title: "where the incident was, as it was entered",
            at: view.at(home[0]!),
          },
        ]
      : [];
  const shape = (kind: Shape["kind"], label: string, ring: Point[], id = ""): Shape => ({
    id,
    kind,
    label,
    points: ring
      .map((p) =>
        view
          .at(p)
          .map((v) => v.toFixed(1))
          .join(","),
      )
      .join(" "),
    at: under(ring.map((p) => view.at(p))),
  });
  return {
    width: WIDTH,
    height: HEIGHT,
    shapes: [
      ...planLines(plan).map(([kind, line]) => shape(kind, "", line)),
      ...zones.map((z) => shape("zone", z.name, z.outline, z.id)),
    ],
    marks: [
      ...places,
      ...only,
      ...tracks.map((t) => ({
        track: t.track,
        label: name(t.track),
        title: `track ${t.track} as it was first shown`,
        at: view.at([t.lon!, t.lat!]),
      })),
    ],
    scale: scaleOf(view.mPerPx),
  };
}

function viewOf(points: Point[]): { at: (p: Point) => [number, number]; mPerPx: number } {
  const [west, east] = ends(points.map((p) => p[0]));
  const [south, north] = ends(points.map((p) => p[1]));
  const lon0 = (west + east) / 2;
  const lat0 = (south + north) / 2;
  const perLon = EARTH_M_PER_DEG * Math.cos((lat0 * Math.PI) / 180);
  const wide = Math.max(LEAST_M, (east - west) * perLon);
  const high = Math.max(LEAST_M, (north - south) * EARTH_M_PER_DEG);
  const mPerPx = Math.max(wide / (WIDTH - 2 * MARGIN), high / (HEIGHT - 2 * MARGIN));
  const at = ([lon, lat]: Point): [number, number] => [
    WIDTH / 2 + ((lon - lon0) * perLon) / mPerPx,
    HEIGHT / 2 - ((lat - lat0) * EARTH_M_PER_DEG) / mPerPx,
  ];
  return { at, mPerPx };
}

const ends = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];

/** Where a name stands: under the middle of its ring, so that it hides nothing. */
const under = (ring: [number, number][]): [number, number] => {
  const [left, right] = ends(ring.map((p) => p[0]));
  return [(left + right) / 2, ends(ring.map((p) => p[1]))[1] + 14];
};

function planLines(plan: FeatureCollection | null): [Shape["kind"], Point[]][] {
  const found: [Shape["kind"], Point[]][] = [];
  const line = (positions: Position[]): Point[] => positions.map((p): Point => [p[0]!, p[1]!]);
  for (const feature of plan?.features ?? []) {
    const kind = feature.properties?.kind === "runway" ? "runway" : "perimeter";
    const { geometry } = feature;
    if (geometry?.type === "LineString") found.push([kind, line(geometry.coordinates)]);
    if (geometry?.type === "Polygon") {
      for (const ring of geometry.coordinates) found.push([kind, line(ring)]);
    }
  }
  return found;
}

function scaleOf(mPerPx: number): { words: string; px: number } {
  const most = mPerPx * 120;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = (most / power >= 5 ? 5 : most / power >= 2 ? 2 : 1) * power;
  return {
    words: metres >= 1000 ? `${metres / 1000} km` : `${metres} m`,
    px: metres / mPerPx,
  };
}
