// Natural Earth countries (public domain) by the package world-atlas, as OpenLayers features.
// A chunk of its own: the watch screen does not wait for it.

import type Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import url from "world-atlas/countries-50m.json?url";

export async function readCountries(): Promise<Feature[]> {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`the base map did not load (${reply.status})`);
  const world = (await reply.json()) as Topology<{ countries: GeometryCollection }>;
  const collection = feature(world, world.objects.countries);
  const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
  return format.readFeatures(collection) as Feature[];
}
