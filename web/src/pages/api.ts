// What the pages about sensors and alarms ask the service for.

import { get } from "../record/api";

export interface AlarmPerformance {
  site_id: string;
  begin_s: number;
  end_s: number;
  alarms: number;
  by_step: Record<string, number>;
  per_ten_min: number;
  worst_ten_min: number;
  flood_share: number;
  acknowledged: number;
  acknowledge_median_s: number | null;
  acknowledge_p90_s: number | null;
  acknowledge_slowest_s: number | null;
  unacknowledged: number;
  escalated: number;
  unattended: number;
  open: number;
  stale: number;
  released_by_person: number;
  released_by_itself: number;
  refused: number;
  release_median_s: number | null;
  not_watching_s: number;
  bins: number[];
  rating: string;
}

export interface PerformancePage {
  begin_s: number;
  end_s: number;
  sites: AlarmPerformance[];
  complete: boolean;
}

/** What the sensors page needs of the counters. */
export interface Counters {
  frames: Record<string, number>;
  rejected: Record<string, Record<string, number>>;
  put_aside: Record<string, Record<string, number>>;
  inbox: Record<string, Record<string, number>>;
  kernel_drops: Record<string, number>;
  connections: Record<string, string>;
  step: { p50_ms: number | null; p99_ms: number | null };
  commit: { p50_ms: number | null; p99_ms: number | null };
  durable: { p50_ms: number | null; p99_ms: number | null };
  viewers: number;
  clock_steps: number;
  clock_ahead_s: number;
  clock_note: string;
  channels: {
    id: string;
    closed: string;
    queued: number;
    delivered: number;
    failed: number;
    held_back: number;
    last_error: string;
    heartbeat_s: number;
    heard_s: number | null;
    heartbeat_error: string;
  }[];
  armed: number;
  sentinels: { id: string; age_s: number | null }[];
  timestamps: {
    id: string;
    closed: string;
    stamped: number;
    failed: Record<string, number>;
    last_error: string;
    checkpoint: number | null;
    at: string;
    checked: boolean;
  }[];
}

/** One message of a sensor, as `tocsin explain --json` tells it. */
export interface Followed {
  sensor: string;
  arrival_s: number;
  path: string;
  octets: number;
  /** The first octets, in hexadecimal digits. */
  hex: string;
  records: Record<string, unknown>[];
  rejected: { source: string; reason: string; detail: string; count: number }[];
  duplicates: number;
  detections: {
    values: Record<string, number | string>;
    tracks: {
      track: string;
      name: string;
      distance_sigma: number | null;
      gate_sigma: number | null;
      distance_m: number | null;
      inside: boolean;
    }[];
    joined: string | null;
    sentence: string;
  }[];
  sentence: string;
}

export const getFollowed = (sensor: string, atS: number | null) =>
  get<Followed>(
    `/api/v1/sensors/${encodeURIComponent(sensor)}/message${atS === null ? "" : `?at_s=${atS}`}`,
  );

export const getPerformance = (hours: number) =>
  get<PerformancePage>(`/api/v1/performance?hours=${hours}`);

export const getCounters = () => get<Counters>("/api/v1/status");

export const shiftReport = (hours: number) => `/api/v1/shift-report.html?hours=${hours}`;
