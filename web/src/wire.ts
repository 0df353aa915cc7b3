// What the service sends, as values: text frames become messages, binary frames become views
// on typed arrays. Nothing here keeps state. The layout is in docs/architecture.md, "Between
// service and browser".

import type { Summary } from "./record/api";
import type {
  Advice,
  Alarm,
  AlertEvent,
  Conflict,
  Handover,
  Notice,
  Operations,
  SensorStatus,
  ShiftRule,
  Sighting,
  TrackId,
  VolumeStatus,
  ZoneStatus,
} from "./wire.gen";

export type {
  Advice,
  Alarm,
  AlertEvent,
  Conflict,
  Handover,
  Notice,
  Operations,
  SensorStatus,
  ShiftRule,
  Sighting,
  TrackId,
  VolumeStatus,
  ZoneStatus,
} from "./wire.gen";

export const MAGIC = 0x5443;
export const WIRE_VERSION = 1;
export const HEADER_BYTES = 16;
export const RECORD_BYTES = 32;
export const NO_ETA = 65535;

export const Flag = {
  COASTED: 1,
  ALARMED: 2,
  COOPERATIVE: 4,
  SIMULATED: 8,
  EXERCISE: 16,
  TENTATIVE: 32,
  DECLARED: 64,
  SYSTEM: 256,
  PROVISIONAL: 128,
} as const;

export interface ZoneInfo {
  id: string;
  name: string;
  outline: [number, number][];
  ceiling_m: number | null;
  shelter_s: number | null;
  release: string;
}

/** A protected volume of the site file; outline as a zone's. */
export interface VolumeInfo {
  id: string;
  name: string;
  kind: string;
  outline: [number, number][];
}

/** What the profile calls things. */
export interface ProfileWords {
  operations: string;
  people: string;
  told: string;
  first: string;
  report: string;
}

export interface SiteInfo {
  id: string;
  name: string;
  lat: number;
  lon: number;
  /** The ground above the ellipsoid. */
  alt_m?: number;
  radius_m?: number;
  zones: ZoneInfo[];
  /** What has to be said to be met before ALL CLEAR. */
  clear_criteria?: string[];
  /** Posts of people, from which a direction can be told. */
  posts?: string[];
  volumes?: VolumeInfo[];
  /** What has to be said to be met before suspended operations are resumed. */
  resume_criteria?: string[];
}

export interface SensorInfo {
  id: string;
  kind: string;
  lat: number | null;
  lon: number | null;
  max_range_m: number | null;
  azimuth_center_deg?: number | null;
  azimuth_width_deg?: number | null;
  nature: string;
  sites: string[];
}

export interface NodeInfo {
  name: string;
  profile: string;
  words?: ProfileWords;
  mode: string;
  natures: string[];
  sites: SiteInfo[];
  sensors: SensorInfo[];
  note?: string;
}

export interface Threat {
  track_id: TrackId;
  site_id: string;
  zone_id: string;
  arrival_early_s: number | null;
  arrival_median_s: number | null;
  arrival_late_s: number | null;
  p_zone: number | null;
  p_site: number | null;
  p_harm: number | null;
  cpa_m: number | null;
  cpa_s: number | null;
  reasons: string[];
}

export interface TrackMeta {
  wire: number;
  track_id: TrackId;
  label: string;
  /** In the order of `classes`. */
  p: number[];
  none: number | null;
  conflict: number | null;
  reasons: string[];
  declared: string;
  callsign: string;
  cooperative: boolean;
  sensors: string[];
  first_seen_s: number | null;
  site_id: string;
  kind: "measured" | "declared" | "system";
}

/** A conflict as it is sent: 64-bit track ids are strings. */
export type ConflictFrame = Omit<Conflict, "track" | "traffic"> & {
  track: TrackId;
  traffic: TrackId;
};

/** Something that happened, along the bar of a playback. */
export interface Mark {
  at_s: number;
  what: string;
  step: string;
  site_id: string;
  zone_id: string;
  alarm_id: string;
}

export type Message =
  | {
      type: "hello";
      seq: number;
      version: string | number;
      node: NodeInfo;
      labels: string[];
      ladder: string[];
      classes?: string[];
    }
  | { type: "real"; seq: number; words: string }
  | { type: "clock"; seq: number; now_s: number; rate: number; mode: string; note: string }
  | { type: "zones"; seq: number; zones: ZoneStatus[] }
  | { type: "alarms"; seq: number; alarms: Alarm[] }
  | { type: "threats"; seq: number; threats: Threat[] }
  | { type: "track_meta"; seq: number; tracks: TrackMeta[] }
  | { type: "drop"; seq: number; wire: number[]; how: string }
  | { type: "sensors"; seq: number; sensors: SensorStatus[] }
  | { type: "advice"; seq: number; options: Advice[] }
  | { type: "notices"; seq: number; notices: Notice[] }
  | { type: "sightings"; seq: number; sightings: Sighting[] }
  | { type: "handovers"; seq: number; handovers: Handover[] }
  | {
      type: "operations";
      seq: number;
      volumes: VolumeStatus[];
      conflicts: ConflictFrame[];
      operations: Operations[];
    }
  | { type: "rules"; seq: number; rules: ShiftRule[] }
  | { type: "event"; seq: number; event: AlertEvent }
  | { type: "events"; seq: number; events: AlertEvent[] }
  | { type: "incidents"; seq: number; incidents: Summary[] }
  | { type: "lag"; seq: number; behind_s: number }
  | { type: "playback"; seq: number; begin_s: number; end_s: number; marks: Mark[] }
  | { type: "problem"; seq: number; sentence: string };

/** The records of one binary frame, in place: `view` starts at the first record. */
export interface TrackFrame {
  kind: "full" | "delta";
  seq: number;
  /** Unix milliseconds of the picture. */
  tMs: number;
  count: number;
  view: DataView;
}

const LISTS: Record<string, string> = {
  zones: "zones",
  alarms: "alarms",
  threats: "threats",
  track_meta: "tracks",
  sensors: "sensors",
  events: "events",
  incidents: "incidents",
  advice: "options",
  notices: "notices",
  sightings: "sightings",
  handovers: "handovers",
  operations: "operations",
  rules: "rules",
  playback: "marks",
};

/** Parse JSON and keep integers that a double cannot hold as strings of their digits. */
export function parseJson(text: string): unknown {
  if (!/\d{16,}/.test(text)) return JSON.parse(text);
  const exact = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? context.source
      : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}

function withTextIds<T extends { tracks: unknown }>(row: T): T {
  return Array.isArray(row.tracks) ? { ...row, tracks: row.tracks.map(String) } : row;
}

/** Return the message in a text frame, or the sentence that says why there is none. */
export function parseText(text: string): Message | string {
  let raw: unknown;
  try {
    raw = parseJson(text);
  } catch {
    return "a text frame is not JSON";
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    return "a text frame is no object";
  const body = raw as Record<string, unknown>;
  if (typeof body.type !== "string" || typeof body.seq !== "number") {
    return "a text frame has no type or no seq";
  }
  const list = LISTS[body.type];
  if (list !== undefined && !Array.isArray(body[list]))
    return `"${body.type}" has no list "${list}"`;
  return shaped(body as Record<string, unknown> & { type: string; seq: number });
}

function shaped(body: Record<string, unknown> & { type: string; seq: number }): Message | string {
  switch (body.type) {
    case "alarms":
      return { ...body, alarms: (body.alarms as Alarm[]).map(withTextIds) } as Message;
    case "zones":
      return { ...body, zones: (body.zones as ZoneStatus[]).map(withTextIds) } as Message;
    case "threats": {
      const rows = body.threats as Threat[];
      return {
        ...body,
        threats: rows.map((t) => ({ ...t, track_id: String(t.track_id) })),
      } as Message;
    }
    case "track_meta": {
      const rows = body.tracks as TrackMeta[];
      return {
        ...body,
        tracks: rows.map((t) => ({ ...t, track_id: String(t.track_id) })),
      } as Message;
    }
    case "drop": {
      const wire = Array.isArray(body.wire) ? (body.wire as number[]) : [body.wire as number];
      return { ...body, wire, how: String(body.how ?? "") } as Message;
    }
    case "event": {
      const event = (body.event ?? body) as AlertEvent;
      return { type: "event", seq: body.seq, event: withTextIds(event) };
    }
    case "events":
      return { ...body, events: (body.events as AlertEvent[]).map(withTextIds) } as Message;
    case "hello":
      if (typeof body.node !== "object" || body.node === null) return '"hello" has no node';
      return body as unknown as Message;
    case "clock":
      if (typeof body.now_s !== "number" || typeof body.rate !== "number") {
        return '"clock" has no now_s or no rate';
      }
      return {
        ...body,
        mode: String(body.mode ?? "live"),
        note: String(body.note ?? ""),
      } as Message;
    case "real":
      return { ...body, words: String(body.words ?? "") } as Message;
    case "sensors":
    case "incidents":
    case "advice":
    case "notices":
    case "sightings":
    case "handovers":
    case "operations":
    case "rules":
    case "lag":
    case "playback":
    case "problem":
      return body as unknown as Message;
    default:
      return `unknown type "${body.type}"`;
  }
}

/** Return the track records in a binary frame, or the sentence that says why there are none. */
export function parseBinary(buffer: ArrayBuffer): TrackFrame | string {
  if (buffer.byteLength < HEADER_BYTES) return "a binary frame is shorter than its header";
  const head = new DataView(buffer);
  if (head.getUint16(0, true) !== MAGIC) return "a binary frame has another magic number";
  const version = head.getUint8(2);
  if (version !== WIRE_VERSION) return `a binary frame has version ${version}, not ${WIRE_VERSION}`;
  const bytes = buffer.byteLength - HEADER_BYTES;
  if (bytes % RECORD_BYTES !== 0) return "a binary frame ends inside a record";
  return {
    kind: head.getUint8(3) === 0 ? "full" : "delta",
    seq: head.getUint32(4, true),
    tMs: head.getFloat64(8, true),
    count: bytes / RECORD_BYTES,
    view: new DataView(buffer, HEADER_BYTES),
  };
}
