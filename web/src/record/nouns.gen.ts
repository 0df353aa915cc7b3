// Generated from tocsin.model by web/scripts/record_types.py; do not edit.

export const STATES = ["stated", "not stated", "none reported", "unknown"] as const;

export const QUESTIONS = ["last", "order", "drones", "injuries", "claims", "relations", "anonymous", "writer-only", "contradictions", "gaps", "known"] as const;

export const ANONYMOUS = ["unnamed", "on condition of anonymity", "unnamed group", "not named in statement", "sealed"] as const;

export const ASKED_FIRST = ["drones", "drone type", "origin", "outcome", "injuries"] as const;

export const AUDIENCES = ["", "public", "partner", "internal"] as const;

export const BOUNDS = ["exactly", "about", "at least", "at most"] as const;

export const CORRECTIONS = ["corrected", "refiled", "updated", "clarified", "withdrawn"] as const;

export const CREDIBILITY = ["1", "2", "3", "4", "5", "6"] as const;

export const CUSTODY = ["taken", "received", "copied", "stored", "examined", "handed over", "returned", "destroyed"] as const;

export const DRONES = ["drones"] as const;

export const EVIDENCE_KINDS = ["recording", "photograph", "video", "document", "log", "message", "object", "other"] as const;

export const EXCLUSIVE = ["outcome", "injuries", "deaths", "damage", "target", "drone type", "origin", "official attribution", "place", "date", "time", "order"] as const;

export const IDENTITIES = ["named", "unnamed", "on condition of anonymity", "unnamed group", "not named in statement", "not stated on page", "sealed"] as const;

export const INCIDENT_KINDS = ["drones", "unidentified", "missiles", "rockets", "intrusion", "interference", "other"] as const;

export const INJURIES = ["injuries", "injured", "hurt", "wounded", "casualties", "deaths", "dead", "killed"] as const;

export const MODALITIES = ["asserted", "possible", "denied"] as const;

export const PAGE_FUNCTIONS = ["share", "wire label", "trending", "poll placeholder", "related", "origin credit", "submit a correction", "tags", "conversation", "advertisement", "navigation", "other"] as const;

export const PLACE_KINDS = ["base", "airport", "site", "town", "district", "region", "country", "other"] as const;

export const PROFILES = ["internal", "partner", "public"] as const;

export const PUBLICATION_STATES = ["draft", "scheduled", "embargoed", "published", "corrected", "refiled", "updated", "clarified", "withdrawn", "repeated"] as const;

export const QUOTES = ["quoted", "partly quoted", "paraphrased"] as const;

export const RELATIONS = ["part of", "alias of", "backs", "member of", "allied with", "rival of", "speaks for", "follows", "same event as", "contradicts", "agrees with", "explains", "other"] as const;

export const RELIABILITY = ["A", "B", "C", "D", "E", "F"] as const;

export const SCOPES = ["each", "in all"] as const;

export const SOURCE_KINDS = ["official", "command", "group", "person", "witness", "agency", "outlet", "broadcaster", "social media", "document", "writer", "carrier", "sensor", "other"] as const;

export const SYMMETRIC = ["alias of", "allied with", "rival of", "same event as", "contradicts", "agrees with"] as const;

export const TEXT_BLOCKS = ["headline", "subheading", "byline", "dateline", "paragraph", "quote", "caption"] as const;

export const WRITERS = ["writer", "carrier"] as const;

export interface TimeSaid {
  verbatim?: string;
  earliest_s?: number | null;
  latest_s?: number | null;
  resolved_by?: string;
  why_unresolved?: string;
}

export interface Step {
  source: string;
  verb?: string;
  explicit?: boolean;
  note?: string;
}

export interface Span {
  document: string;
  block: number;
  start: number;
  end: number;
}

export interface Block {
  kind: string;
  text?: string;
  state?: string;
}

export interface SawTrack {
  track: string;
  first_seen_s: number | null;
  lat?: number | null;
  lon?: number | null;
  alt_m?: number | null;
  label?: string;
}

export interface Written {
  text: string;
  rests_on?: string[];
}

export interface Incident {
  id?: string;
  site?: string;
  site_name?: string;
  kind?: string;
  happened?: TimeSaid;
  text?: string;
  lat?: number | null;
  lon?: number | null;
  alarm?: string;
  nature?: string;
  zones?: [string, string, [number, number][]][];
  tracks?: SawTrack[];
  place?: string;
}

export interface Series {
  id?: string;
  incidents?: string[];
  label?: string;
}

export interface Actor {
  id?: string;
  name?: string;
  descriptor?: string;
  kind?: string;
  country?: string;
  aliases?: string[];
}

export interface Source {
  id?: string;
  kind?: string;
  name?: string;
  descriptor?: string;
  identity?: string;
  count_stated?: string;
  medium?: string;
  reported_by?: string;
  reason_for_anonymity?: string;
  actor?: string;
  sealed?: string;
  note?: string;
}

export interface Document {
  id?: string;
  kind?: string;
  headline?: string;
  language?: string;
  published?: TimeSaid;
  retrieved_s?: number | null;
  url?: string;
  origin?: string;
  carrier?: string;
  tags?: string[];
  blocks?: Block[];
  note?: string;
}

export interface Assertion {
  about: string[];
  quantity: string;
  verbatim: string;
  chain: Step[];
  state?: string;
  value?: number | string | null;
  unit?: string;
  bound?: string;
  scope?: string;
  id?: string;
  when?: TimeSaid;
  said?: TimeSaid;
  span?: Span | null;
  document?: string;
  quote?: string;
  modality?: string;
  hedge?: string;
  note?: string;
  audience?: string;
  place?: string;
}

export interface Claim {
  claimant: string;
  incidents: string[];
  verbatim: string;
  chain: Step[];
  id?: string;
  mode?: string;
  together_with?: string;
  said?: TimeSaid;
  span?: Span | null;
  document?: string;
  quote?: string;
  confirmed_by?: string;
  note?: string;
  audience?: string;
}

export interface Relation {
  type: string;
  from_id: string;
  to_id: string;
  chain?: Step[];
  verbatim?: string;
  id?: string;
  hedge?: string;
  span?: Span | null;
  document?: string;
  note?: string;
  audience?: string;
}

export interface Grade {
  of: string;
  reason: string;
  reliability?: string;
  credibility?: string;
  id?: string;
}

export interface Correction {
  of: string;
  wrong: string;
  right: string;
  kind?: string;
  changes?: Record<string, unknown>;
  seen?: number;
  id?: string;
}

export interface Approval {
  incident: string;
  profile?: string;
  as_of?: number;
  id?: string;
}

export interface Publication {
  incident: string;
  state?: string;
  profile?: string;
  as_of?: number;
  headline?: string;
  sentences?: Written[];
  not_before_s?: number | null;
  wrong?: string;
  right?: string;
  seen?: number;
  id?: string;
}

export interface Place {
  id?: string;
  name?: string;
  kind?: string;
  as_stated?: string;
  parent?: string;
  lat?: number | null;
  lon?: number | null;
  uncertainty_m?: number | null;
  position_source?: string;
  aliases?: string[];
  note?: string;
}

export interface Evidence {
  name: string;
  id?: string;
  kind?: string;
  about?: string[];
  sha256?: string;
  size_bytes?: number | null;
  mark?: string;
  captured?: TimeSaid;
  source?: string;
  note?: string;
}

export interface Custody {
  of: string;
  action: string;
  holder: string;
  id?: string;
  at?: TimeSaid;
  sha256?: string;
  note?: string;
}

/** What an act of each verb has as its body. */
export interface Nouns {
  "open_incident": Incident;
  "link": Series;
  "add_actor": Actor;
  "add_source": Source;
  "add_document": Document;
  "assert": Assertion;
  "claim": Claim;
  "relate": Relation;
  "grade": Grade;
  "correct": Correction;
  "approve": Approval;
  "publish": Publication;
  "add_place": Place;
  "add_evidence": Evidence;
  "hand_on": Custody;
}

export type Verb = keyof Nouns;
export type Noun = Nouns[Verb];
