// The picture in typed arrays. It is never reactive: two thousand tracks at five updates a
// second would drown any framework. Panels read a summary once a second (picture.svelte.ts).

import { MEAN_RADIUS_M, mercatorX, mercatorY, stretch } from "../map/mercator";
import { NO_ETA, RECORD_BYTES, type TrackFrame } from "../wire";

/** Dots of a trail, and the picture time between two of them: nearly three minutes of way. */
export const TRAIL_DOTS = 16;
export const TRAIL_STEP_S = 10;

/** No row is taken further than this without a word: full frames come every ten seconds. */
const LONGEST_STRAIGHT_S = 60;
const METRES_PER_DEGREE = (MEAN_RADIUS_M * Math.PI) / 180;
const FIRST_CAPACITY = 256;

export class TrackStore {
  count = 0;
  /** Unix seconds of the newest picture, NaN before the first. */
  pictureS = Number.NaN;
  updates = 0;

  wire = new Uint32Array(0);
  lat = new Float64Array(0);
  lon = new Float64Array(0);
  /** Web Mercator metres, projected once an update. */
  x = new Float64Array(0);
  y = new Float64Array(0);
  altM = new Float32Array(0);
  northMps = new Float32Array(0);
  eastMps = new Float32Array(0);
  upMps = new Float32Array(0);
  sigmaM = new Float32Array(0);
  /** Seconds to arrival at the picture's time; NaN where it arrives nowhere. */
  etaS = new Float32Array(0);
  ageS = new Float32Array(0);
  label = new Uint8Array(0);
  confidence = new Uint8Array(0);
  site = new Uint8Array(0);
  threat = new Uint8Array(0);
  flags = new Uint16Array(0);
  /** Unix seconds of the picture that held this row last, and where it was then. A frame leaves
   * out what has only moved on as predicted: `x`, `y`, `lat`, `lon` go on from here. */
  atS = new Float64Array(0);
  atLat = new Float64Array(0);
  atLon = new Float64Array(0);
  trail = new Float64Array(0);
  trailCount = new Uint8Array(0);
  trailHead = new Uint8Array(0);
  trailS = new Float64Array(0);

  readonly #rows = new Map<number, number>();
  #seen = new Uint32Array(0);

  constructor() {
    this.#grow(FIRST_CAPACITY);
  }

  row(wire: number): number {
    return this.#rows.get(wire) ?? -1;
  }

  /** Take in a frame; a full one also removes what it does not hold. */
  apply(frame: TrackFrame): void {
    this.updates += 1;
    this.pictureS = frame.tMs / 1000;
    const { view } = frame;
    for (let i = 0, at = 0; i < frame.count; i += 1, at += RECORD_BYTES) {
      const wire = view.getUint32(at, true);
      let row = this.row(wire);
      if (row < 0) row = this.#add(wire);
      this.#read(row, view, at);
      this.#seen[row] = this.updates;
    }
    if (frame.kind === "full") this.#removeUnseen();
    this.#moveOn();
  }

  /** Seconds since the service last told of a row, by the picture's time. */
  staleS(row: number): number {
    return Math.max(0, this.pictureS - this.atS[row]!);
  }

  /** Seconds to arrival now; NaN where it arrives nowhere. */
  arrivalS(row: number): number {
    return Math.max(0, this.etaS[row]! - this.staleS(row));
  }

  /** Seconds since the last measurement. */
  unseenS(row: number): number {
    return this.ageS[row]! + this.staleS(row);
  }

  /** Take every row straight on to the picture's time. */
  #moveOn(): void {
    for (let row = 0; row < this.count; row += 1) {
      const dt = Math.min(LONGEST_STRAIGHT_S, this.staleS(row));
      const lat = this.atLat[row]! + (this.northMps[row]! * dt) / METRES_PER_DEGREE;
      const perLon = METRES_PER_DEGREE / stretch(lat);
      const lon = this.atLon[row]! + (this.eastMps[row]! * dt) / perLon;
      this.lat[row] = lat;
      this.lon[row] = lon;
      this.x[row] = mercatorX(lon);
      this.y[row] = mercatorY(lat);
      this.#leaveTrail(row);
    }
  }

  drop(wires: Iterable<number>): void {
    for (const wire of wires) {
      const row = this.row(wire);
      if (row >= 0) this.#remove(row);
    }
  }

  clear(): void {
    this.count = 0;
    this.pictureS = Number.NaN;
    this.#rows.clear();
  }

  #read(row: number, view: DataView, at: number): void {
    this.atLat[row] = view.getInt32(at + 4, true) * 1e-7;
    this.atLon[row] = view.getInt32(at + 8, true) * 1e-7;
    this.altM[row] = view.getInt16(at + 12, true);
    this.northMps[row] = view.getInt16(at + 14, true) * 0.1;
    this.eastMps[row] = view.getInt16(at + 16, true) * 0.1;
    this.upMps[row] = view.getInt16(at + 18, true) * 0.1;
    this.sigmaM[row] = view.getUint16(at + 20, true) * 0.1;
    const eta = view.getUint16(at + 22, true);
    this.etaS[row] = eta === NO_ETA ? Number.NaN : eta * 0.1;
    this.ageS[row] = view.getUint16(at + 24, true) * 0.01;
    this.label[row] = view.getUint8(at + 26);
    this.confidence[row] = view.getUint8(at + 27);
    this.site[row] = view.getUint8(at + 28);
    this.threat[row] = view.getUint8(at + 29);
    this.flags[row] = view.getUint16(at + 30, true);
    this.atS[row] = this.pictureS;
  }

  #leaveTrail(row: number): void {
    if (this.pictureS - this.trailS[row]! < TRAIL_STEP_S) return;
    const head = this.trailHead[row]!;
    const at = (row * TRAIL_DOTS + head) * 2;
    this.trail[at] = this.x[row]!;
    this.trail[at + 1] = this.y[row]!;
    this.trailHead[row] = (head + 1) % TRAIL_DOTS;
    this.trailCount[row] = Math.min(TRAIL_DOTS, this.trailCount[row]! + 1);
    this.trailS[row] = this.pictureS;
  }

  #add(wire: number): number {
    if (this.count === this.wire.length) this.#grow(this.count * 2);
    const row = this.count;
    this.count += 1;
    this.wire[row] = wire;
    this.trailCount[row] = 0;
    this.trailHead[row] = 0;
    this.trailS[row] = Number.NEGATIVE_INFINITY;
    this.#rows.set(wire, row);
    return row;
  }

  #remove(row: number): void {
    const last = this.count - 1;
    this.#rows.delete(this.wire[row]!);
    if (row !== last) {
      for (const column of this.#columns()) column[row] = column[last]!;
      const width = TRAIL_DOTS * 2;
      this.trail.copyWithin(row * width, last * width, (last + 1) * width);
      this.#rows.set(this.wire[row]!, row);
    }
    this.count = last;
  }

  #removeUnseen(): void {
    for (let row = this.count - 1; row >= 0; row -= 1) {
      if (this.#seen[row] !== this.updates) this.#remove(row);
    }
  }

  #columns() {
    return [
      this.wire,
      this.lat,
      this.lon,
      this.x,
      this.y,
      this.altM,
      this.northMps,
      this.eastMps,
      this.upMps,
      this.sigmaM,
      this.etaS,
      this.ageS,
      this.label,
      this.confidence,
      this.site,
      this.threat,
      this.flags,
      this.atS,
      this.atLat,
      this.atLon,
      this.trailCount,
      this.trailHead,
      this.trailS,
      this.#seen,
    ];
  }

  #grow(capacity: number): void {
    const wider = <T extends Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array>(
      old: T,
      size: number,
    ): T => {
      const column = new (old.constructor as new (n: number) => T)(size);
      column.set(old);
      return column;
    };
    this.wire = wider(this.wire, capacity);
    this.lat = wider(this.lat, capacity);
    this.lon = wider(this.lon, capacity);
    this.x = wider(this.x, capacity);
    this.y = wider(this.y, capacity);
    this.altM = wider(this.altM, capacity);
    this.northMps = wider(this.northMps, capacity);
    this.eastMps = wider(this.eastMps, capacity);
    this.upMps = wider(this.upMps, capacity);
    this.sigmaM = wider(this.sigmaM, capacity);
    this.etaS = wider(this.etaS, capacity);
    this.ageS = wider(this.ageS, capacity);
    this.label = wider(this.label, capacity);
    this.confidence = wider(this.confidence, capacity);
    this.site = wider(this.site, capacity);
    this.threat = wider(this.threat, capacity);
    this.flags = wider(this.flags, capacity);
    this.atS = wider(this.atS, capacity);
    this.atLat = wider(this.atLat, capacity);
    this.atLon = wider(this.atLon, capacity);
    this.trailCount = wider(this.trailCount, capacity);
    this.trailHead = wider(this.trailHead, capacity);
    this.trailS = wider(this.trailS, capacity);
    this.trail = wider(this.trail, capacity * TRAIL_DOTS * 2);
    this.#seen = wider(this.#seen, capacity);
  }
}
