// What a form is made of.

import type { Verb } from "./nouns.gen";

export type RowKind =
  | "incident"
  | "series"
  | "actor"
  | "source"
  | "document"
  | "assertion"
  | "claim"
  | "relation"
  | "place"
  | "evidence"
  | "custody";

export type FieldKind =
  | "text"
  | "area"
  | "number"
  | "choice"
  | "ref"
  | "refs"
  | "words"
  | "chain"
  | "time"
  | "value"
  | "blocks"
  | "digest"
  | "moment";

export interface Field {
  name: string;
  label: string;
  kind: FieldKind;
  hint?: string;
  /** Of a choice: its words; "" stands for the first label of `blank`. */
  options?: readonly string[];
  blank?: string;
  /** Words that are offered and not required. */
  offered?: readonly string[];
  /** Of a reference: what it may point at; what can be made anew from here. */
  of?: readonly RowKind[];
  anew?: Verb;
  required?: string;
  initial?: string;
  /** Asked only where another field has one of these values. */
  when?: { field: string; is: readonly string[] };
  /** Folded away at first. */
  more?: boolean;
  /** Words of the service's sentences that are about this field, besides its name. */
  heard?: RegExp;
}

export interface Spec {
  verb: Verb;
  title: string;
  about: string;
  fields: readonly Field[];
}

export type Specs = Partial<Record<Verb, Spec>>;

export const NOTE: Field = { name: "note", label: "Note", kind: "area", more: true };
