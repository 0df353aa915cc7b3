// Imports as the service tells them (docs/api.md, "Imports"). No state.

import { LOST } from "../state/acts";
import { get } from "./api";
import type { Block, Span, Verb } from "./nouns.gen";

export interface ProposedRow {
  id: string;
  verb: Verb;
  body: Record<string, unknown>;
  needs: string[];
  where: Span[];
  gaps: string[];
  existing: string;
}

export interface Candidate {
  id: string;
  verb: Verb;
  body: Record<string, unknown>;
  span: Span;
  needs: string[];
  rules: string[];
  gaps: string[];
  state: "open" | "rejected";
}

export interface Proposal {
  id: string;
  format: string;
  sha256: string;
  bytes: number;
  document: { headline: string; blocks: Block[] };
  rows: ProposedRow[];
  items: Candidate[];
  gaps: string[];
  refused: string[];
  revision: number;
}

export interface ImportPage {
  proposal: Proposal;
  at_s: number;
  by: string;
  recorded: string[];
  acts: Record<string, [Verb, Record<string, unknown>]>;
  order: Record<string, string[]>;
}

export interface ImportRow {
  id: string;
  headline: string;
  at_s: number;
  by: string;
  items: number;
  open: number;
}

export interface ReviewAct {
  act: "reject" | "restore" | "split" | "merge" | "link";
  item: string;
  at?: number;
  other?: string;
}

const path = (id: string) => `/api/v1/imports/${encodeURIComponent(id)}`;

export const getImports = () => get<{ imports: ImportRow[]; dropped: number }>("/api/v1/imports");
export const getImport = (id: string) => get<ImportPage>(path(id));

/** Post in the place of a question; nobody knows whether it was done where no answer comes. */
const post = <T>(to: string, body: BodyInit, type: string): Promise<T> => {
  const headers = { "content-type": type };
  const ask: typeof fetch = (path, init) => fetch(path, { ...init, method: "POST", body, headers });
  return get<T>(to, ask, LOST.sentence);
};

export const addImport = (text: BodyInit, name: string) =>
  post<ImportPage>(
    `/api/v1/imports?name=${encodeURIComponent(name)}`,
    text,
    "application/octet-stream",
  );

export const reviewImport = (id: string, revision: number, act: ReviewAct) =>
  post<ImportPage>(path(id), JSON.stringify({ ...act, revision }), "application/json");

/** A piece of a block's text: whether the item at hand, another, or none stands on it. */
export interface Piece {
  text: string;
  on: "" | "other" | "current";
}

/** Part a text at the spans of its items; spans count characters of Unicode. */
export function piecesOf(text: string, spans: readonly Span[], current: Span | null): Piece[] {
  const characters = [...text];
  const cuts = [...spans, ...(current ? [current] : [])].flatMap((s) => [s.start, s.end]);
  const edges = [...new Set([0, ...cuts, characters.length])].sort((a, b) => a - b);
  const within = (span: Span, at: number) => span.start <= at && at < span.end;
  return edges.slice(0, -1).map((start, index) => ({
    text: characters.slice(start, edges[index + 1]).join(""),
    on:
      current && within(current, start)
        ? "current"
        : spans.some((s) => within(s, start))
          ? "other"
          : "",
  }));
}

/** Where to take an item's words apart when nobody marked a place: after the first clause. */
export function clauseEnd(words: string): number {
  const characters = [...words];
  const cut = characters.findIndex(
    (c, at) => at > 8 && /[,;:—]/.test(c) && at < characters.length - 8,
  );
  if (cut >= 0) return cut + 1;
  const middle = characters.findIndex((c, at) => at >= characters.length / 2 && c === " ");
  return middle > 0 ? middle : Math.floor(characters.length / 2);
}
