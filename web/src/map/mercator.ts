// Web Mercator (EPSG:3857, sphere of the WGS 84 semi-major axis) and short ways on the ground.

export const EARTH_RADIUS_M = 6378137; // EPSG:3857: the sphere's radius is the semi-major axis
/** Mean radius of the Earth (IUGG R1): rings and measured distances, better than 0.6 %. */
export const MEAN_RADIUS_M = 6371008.8;

const RADIAN = Math.PI / 180;

export function mercatorX(lonDeg: number): number {
  return EARTH_RADIUS_M * lonDeg * RADIAN;
}

export function mercatorY(latDeg: number): number {
  return EARTH_RADIUS_M * Math.log(Math.tan(Math.PI / 4 + (latDeg * RADIAN) / 2));
}

export function lonOf(x: number): number {
  return x / EARTH_RADIUS_M / RADIAN;
}

export function latOf(y: number): number {
  return (2 * Math.atan(Math.exp(y / EARTH_RADIUS_M)) - Math.PI / 2) / RADIAN;
}

/** How many Mercator metres one metre on the ground is at this latitude. */
export function stretch(latDeg: number): number {
  return 1 / Math.cos(latDeg * RADIAN);
}

/** Where one arrives from (lat, lon) after distanceM at azimuthDeg (clockwise from north). */
export function destination(
  latDeg: number,
  lonDeg: number,
  azimuthDeg: number,
  distanceM: number,
): [number, number] {
  const arc = distanceM / MEAN_RADIUS_M;
  const lat = latDeg * RADIAN;
  const azimuth = azimuthDeg * RADIAN;
  const sinLat = Math.sin(lat) * Math.cos(arc) + Math.cos(lat) * Math.sin(arc) * Math.cos(azimuth);
  const dLon = Math.atan2(
    Math.sin(azimuth) * Math.sin(arc) * Math.cos(lat),
    Math.cos(arc) - Math.sin(lat) * sinLat,
  );
  return [Math.asin(sinLat) / RADIAN, lonDeg + dLon / RADIAN];
}

/** Great-circle distance in metres and first azimuth in degrees clockwise from north. */
export function wayBetween(
  fromLat: number,
  fromLon: number,
  toLat: number,
  toLon: number,
): { distanceM: number; azimuthDeg: number } {
  const a = fromLat * RADIAN;
  const b = toLat * RADIAN;
  const d = (toLon - fromLon) * RADIAN;
  const h = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(d / 2) ** 2;
  const azimuth = Math.atan2(
    Math.sin(d) * Math.cos(b),
    Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(d),
  );
  return {
    distanceM: 2 * MEAN_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h))),
    azimuthDeg: (azimuth / RADIAN + 360) % 360,
  };
}

/** A sector (or a whole circle) as a ring of Web Mercator points. */
export function sectorRing(
  latDeg: number,
  lonDeg: number,
  rangeM: number,
  centreDeg = 0,
  widthDeg = 360,
): [number, number][] {
  const whole = widthDeg >= 360;
  const steps = Math.max(8, Math.ceil(Math.min(widthDeg, 360) / 4));
  const ring: [number, number][] = whole ? [] : [[mercatorX(lonDeg), mercatorY(latDeg)]];
  for (let i = 0; i <= steps; i += 1) {
    const azimuth = centreDeg - widthDeg / 2 + (widthDeg * i) / steps;
    const [lat, lon] = destination(latDeg, lonDeg, azimuth, rangeM);
    ring.push([mercatorX(lon), mercatorY(lat)]);
  }
  ring.push(ring[0]!);
  return ring;
}
