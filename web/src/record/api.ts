// The record as the service tells it (docs/api.md, "Record"), and how a row is added. No state.

import { type Answer, sendKeyed } from "../state/acts";
import type { Noun, Nouns, Verb, Written } from "./nouns.gen";

export interface Past<N = Noun> {
  entry: number;
  recorded_s: number;
  by: string;
  correction: string;
  withdrawn: boolean;
  noun: N;
}

export interface Row<N = Noun> extends Past<N> {
  id: string;
  kind: string;
  /** Older versions that a correction replaced, oldest first. */
  history: Past<N>[];
}

/** A statement with what the service says of its chain. */
export interface Told<N = Noun> extends Row<N> {
  words: string;
  according_to: string;
  anonymous: string[];
  writer_only: boolean;
}

/** The newest entry that two people let out, by profile. */
export type Approved = Record<string, number | null>;

export interface Summary {
  id: string;
  site: string;
  site_name: string;
  kind: string;
  nature: string;
  text: string;
  happened: Nouns["open_incident"]["happened"];
  lat: number | null;
  lon: number | null;
  alarm: string;
  opened_s: number;
  opened_by: string;
  open: boolean;
  step: string;
  tracks: number;
  statements: number;
  claims: number;
  contradictions: number;
  corrections: number;
  series: string[];
  withdrawn: boolean;
  approved: Approved;
}

export interface TimelineRow {
  happened_s: number | null;
  recorded_s: number;
  entry: number;
  what: string;
  text: string;
  zone: string;
  step: string;
  by: string;
  tracks: string[];
  row: string;
}

export interface WatchTime {
  at_s: number;
  what: string;
  step: string;
  by: string;
  text: string;
  entry: number;
}

export interface Zone {
  id: string;
  name: string;
  outline: [number, number][];
  times: WatchTime[];
  unwatched: { from_s: number; until_s: number | null }[];
}

export interface TrackTold {
  track: string;
  first_seen_s: number | null;
  lat: number | null;
  lon: number | null;
  alt_m: number | null;
  label: string;
  ended_s: number | null;
  how: string;
}

export interface CorrectionTold {
  id: string;
  of: string;
  of_entry: number;
  kind: string;
  wrong: string;
  right: string;
  changes: Record<string, unknown>;
  was: Record<string, unknown>;
  entry: number;
  recorded_s: number;
  by: string;
}

export interface ContradictionTold {
  about: string[];
  quantity: string;
  sides: string[][];
  rules: string[];
  explained_by: string;
  text: string;
  /** Each statement in words with its chain, by id. */
  said: Record<string, string>;
}

/** A piece of evidence and its way through hands; `differs`: another digest was found. */
export interface EvidenceTold extends Row<Nouns["add_evidence"]> {
  custody: (Row<Nouns["hand_on"]> & { differs: boolean })[];
}

export interface ApprovalTold {
  id: string;
  profile: string;
  as_of: number;
  by: string;
  entry: number;
  recorded_s: number;
}

export interface StandingTold {
  state: string;
  as_of: number;
  not_before_s: number | null;
  /** States that may follow. */
  next: string[];
  headline: string;
  sentences: Written[];
  steps: {
    id: string;
    state: string;
    as_of: number;
    not_before_s: number | null;
    wrong: string;
    right: string;
    by: string;
    entry: number;
    recorded_s: number;
  }[];
}

export interface Account {
  as_of: number;
  recorded_s: number;
  covers: string;
  as_known_at: string;
  summary: Summary;
  incident: Row<Nouns["open_incident"]>;
  series: Row<Nouns["link"]>[];
  timeline: TimelineRow[];
  assertions: Told<Nouns["assert"]>[];
  claims: Told<Nouns["claim"]>[];
  relations: Told<Nouns["relate"]>[];
  official_attribution: string;
  sources: Record<string, Row<Nouns["add_source"]>>;
  actors: Record<string, Row<Nouns["add_actor"]>>;
  documents: Record<string, Row<Nouns["add_document"]>>;
  /** Of the incident and of what is said of it, with those around them. */
  places: Record<string, Row<Nouns["add_place"]>>;
  evidence: EvidenceTold[];
  grades: Row<Nouns["grade"]>[];
  contradictions: ContradictionTold[];
  corrections: CorrectionTold[];
  zones: Zone[];
  alarm: { id: string; open: boolean; times: WatchTime[] } | null;
  tracks: TrackTold[];
  publications: Record<string, StandingTold>;
  approvals: ApprovalTold[];
  approved: Approved;
  approvals_needed: number;
}

export interface Listed {
  incidents: Summary[];
  last_entry: number;
  covers: string;
  dropped: number;
}

export interface Asked {
  question: string;
  sentences: { text: string; entries: number[]; rows: string[]; values: Record<string, unknown> }[];
  covers: string;
  as_known_at: string;
}

export interface Recorded extends Answer {
  /** Of the row that was added. */
  id?: string;
}

/** A service that says nothing for so long is not waited for: the longest spans of a full ledger
 * are told in less. */
const SILENT_MS = 60_000;
const NO_ANSWER = "No answer from the service. What stands here may be old; try again.";

/** Ask for JSON; throws an Error whose message is the service's sentence, or `unanswered`. */
export async function get<T>(
  path: string,
  ask: typeof fetch = fetch,
  unanswered: string = NO_ANSWER,
): Promise<T> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), SILENT_MS);
  let reply: Response;
  try {
    reply = await ask(path, { signal: ending.signal });
  } catch {
    throw new Error(unanswered);
  } finally {
    clearTimeout(timer);
  }
  const body = (await reply.json().catch(() => ({}))) as T & { error?: string };
  if (!reply.ok) throw new Error(body.error ?? `The service answered ${reply.status}.`);
  return body;
}

const query = (values: Record<string, string | number | undefined>): string => {
  const given = Object.entries(values).filter(([, v]) => v !== undefined && v !== "");
  const text = new URLSearchParams(given.map(([k, v]) => [k, String(v)])).toString();
  return text ? `?${text}` : "";
};

export const getIncidents = () => get<Listed>("/api/v1/incidents");

/** `at`: Unix seconds, as it was known then. */
export const getIncident = (id: string, at?: number) =>
  get<Account>(`/api/v1/incidents/${encodeURIComponent(id)}${query({ at })}`);

export const getRows = async (kind: string) =>
  (await get<{ rows: Row[] }>(`/api/v1/record/rows${query({ kind })}`)).rows;

export const askRecord = (question: string, incident: string, at?: number) =>
  get<Asked>(`/api/v1/record/ask${query({ question, incident, at })}`);

export const reportPath = (id: string, profile: string) =>
  `/api/v1/incidents/${encodeURIComponent(id)}/report.html${query({ profile })}`;

export async function addRow<V extends Verb>(
  verb: V,
  key: string,
  body: Partial<Nouns[V]>,
  ask: typeof fetch = fetch,
): Promise<Recorded> {
  return await sendKeyed<Recorded>("/api/v1/record", JSON.stringify({ verb, key, body }), ask);
}
