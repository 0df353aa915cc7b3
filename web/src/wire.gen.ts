// Generated from tocsin.model by web/scripts/wire_types.py; do not edit.

/** A 64-bit track id in decimal; a JavaScript number would lose its last digits. */
export type TrackId = string;

export const STEPS = ["QUIET", "MONITOR", "CAUTION", "TAKE SHELTER", "ALL CLEAR", "NOT WATCHING", "NOT HEARD"] as const;
export type Steps = (typeof STEPS)[number];

export const ALARMSTATES = ["unacknowledged", "acknowledged", "returned unacknowledged", "closed"] as const;
export type AlarmStates = (typeof ALARMSTATES)[number];

export const ALARMCAUSES = ["tracks", "sighting", "by hand", "not watching", "not heard", "protected volume"] as const;
export type AlarmCauses = (typeof ALARMCAUSES)[number];

export const LABELS = ["unknown", "drone_multirotor", "drone_fixed_wing", "drone", "bird", "aircraft", "balloon", "other"] as const;
export type Labels = (typeof LABELS)[number];

export const CLASSES = ["drone_multirotor", "drone_fixed_wing", "bird", "aircraft", "balloon", "other"] as const;
export type Classes = (typeof CLASSES)[number];

export interface ZoneStatus {
  site: number;
  zone: number;
  site_id: string;
  zone_id: string;
  step: string;
  since_s: number | null;
  tracks: TrackId[];
  arrival_early_s: number | null;
  arrival_median_s: number | null;
  arrival_late_s: number | null;
  proposed_s: number | null;
  release_at_s: number | null;
  released_s: number | null;
  released_by: string;
  refused_by: string;
  refused_reason: string;
  cleared_by: string;
  nature: string;
  clear_proposed_s: number | null;
  raised_step: string;
  raised_by: string;
  raised_s: number | null;
  ready_until_s: number | null;
  ready_by: string;
  unwatched: string[];
  unwatched_s: number | null;
  out_of_sight: TrackId[];
  out_of_sight_s: number | null;
  account: string;
  accounted: number | null;
  missing: number | null;
  hurt: number | null;
  account_by: string;
  account_s: number | null;
}

export interface Alarm {
  id: string;
  site: number;
  site_id: string;
  step: string;
  state: string;
  raised_s: number | null;
  tracks: TrackId[];
  zones: string[];
  nature: string;
  acknowledged_by: string;
  acknowledged_s: number | null;
  decided_by: string;
  decided_s: number | null;
  decision: string;
  closed_s: number | null;
  escalated_s: number | null;
  text: string;
  cause: string;
  followed: string[];
  not_followed: string[];
  shelved_by: string;
  shelved_until_s: number | null;
  shelved_reason: string;
  remark: string;
}

export interface AlertEvent {
  kind: string;
  at_s: number | null;
  site_id: string;
  zone_id: string;
  alarm_id: string;
  step: string;
  tracks: TrackId[];
  by: string;
  text: string;
  nature: string;
  facts: Record<string, string | number | null>;
}

export interface SensorStatus {
  sensor_id: string;
  kind: string;
  state: string;
  heard_s: number | null;
  frames: number;
  detections: number;
  duplicates: number;
  rejected: Record<string, number>;
  clock_offset_s: number | null;
  nature: string;
  sites: string[];
  coverage_s: number | null;
  false_alarms: number | null;
  clutter_cells: number;
  scatter: number | null;
  detection: number | null;
  range_error_m: number | null;
  azimuth_error_deg: number | null;
  elevation_error_deg: number | null;
  time_error_s: number | null;
}

export interface Contact {
  post: string;
  telephone: string;
}

export interface Advice {
  alarm_id: string;
  line: string;
  site_id: string;
  step: string;
  words: string;
  tell: Contact[];
  reason: string;
  lead_s: number | null;
  until_s: number | null;
  followed: boolean;
  not_followed: string;
}

export interface Notice {
  id: string;
  site_id: string;
  from_site: string;
  alarm_id: string;
  step: string;
  at_s: number | null;
  text: string;
  nature: string;
  seen_by: string;
  seen_s: number | null;
  closed_s: number | null;
}

export interface Sighting {
  id: string;
  site_id: string;
  by: string;
  at_s: number | null;
  seen_s: number | null;
  lat: number | null;
  lon: number | null;
  azimuth_deg: number | null;
  from_lat: number | null;
  from_lon: number | null;
  sigma_m: number | null;
  count: number;
  kind: string;
  text: string;
  beside: string[];
  alarm_id: string;
}

export interface Handover {
  id: string;
  by: string;
  at_s: number | null;
  text: string;
  read_by: string;
  read_s: number | null;
}

export interface VolumeStatus {
  site_id: string;
  volume_id: string;
  state: string;
  since_s: number | null;
  last_s: number | null;
  tracks: TrackId[];
  enters_s: number | null;
  p: number | null;
  phrase: string;
  nature: string;
}

export interface Conflict {
  track: number;
  traffic: number;
  site: number;
  volume: number;
  nature: number;
  site_id: string;
  volume_id: string;
  at_s: number | null;
  separation_m: number | null;
  sigma_m: number | null;
  separation_up_m: number | null;
  sigma_up_m: number | null;
  p: number | null;
  phrase: string;
}

export interface Operations {
  site_id: string;
  id: string;
  suspended: boolean;
  volumes: string[];
  suspended_by: string;
  suspended_s: number | null;
  reason: string;
  resumed_by: string;
  resumed_s: number | null;
  resume_reason: string;
  criteria: string[];
}

export interface ShiftRule {
  id: string;
  label: string;
  probability: number | null;
  for_s: number | null;
  slower_mps: number | null;
  words: string;
  site_id: string;
  by: string;
  at_s: number | null;
  until_s: number | null;
  hits: number;
  last_s: number | null;
}
