// Site plans: runways and perimeters as GeoJSON. A site without one is no fault.

import type { FeatureCollection } from "geojson";

export async function fetchPlan(site: string): Promise<FeatureCollection | null> {
  try {
    const reply = await fetch(`/api/v1/features/${encodeURIComponent(site)}`);
    return reply.ok ? ((await reply.json()) as FeatureCollection) : null;
  } catch {
    return null;
  }
}
