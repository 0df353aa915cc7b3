import { HEADER_BYTES, MAGIC, RECORD_BYTES } from "../src/wire";

export interface Record32 {
  wire: number;
  lat: number;
  lon: number;
  alt?: number;
  north?: number;
  east?: number;
  eta?: number;
  age?: number;
  label?: number;
  flags?: number;
}

/** A frame by the layout of docs/architecture.md, written byte by byte. */
export function frame(kind: 0 | 1, tMs: number, records: Record32[], seq = 7): ArrayBuffer {
  const buffer = new ArrayBuffer(HEADER_BYTES + RECORD_BYTES * records.length);
  const view = new DataView(buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, 1);
  view.setUint8(3, kind);
  view.setUint32(4, seq, true);
  view.setFloat64(8, tMs, true);
  records.forEach((r, i) => {
    const at = HEADER_BYTES + i * RECORD_BYTES;
    view.setUint32(at, r.wire, true);
    view.setInt32(at + 4, Math.round(r.lat * 1e7), true);
    view.setInt32(at + 8, Math.round(r.lon * 1e7), true);
    view.setInt16(at + 12, r.alt ?? 0, true);
    view.setInt16(at + 14, (r.north ?? 0) * 10, true);
    view.setInt16(at + 16, (r.east ?? 0) * 10, true);
    view.setUint16(at + 22, r.eta ?? 65535, true);
    view.setUint16(at + 24, r.age ?? 0, true);
    view.setUint8(at + 26, r.label ?? 0);
    view.setUint16(at + 30, r.flags ?? 0, true);
  });
  return buffer;
}
