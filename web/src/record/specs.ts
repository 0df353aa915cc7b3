// The forms of the record: what is asked for each noun, in the order in which it is known.
// What a field must hold is the service's to judge; here is only how it is asked.

import type { Verb } from "./nouns.gen";
import type { RowKind, Spec, Specs } from "./spec";
import { ROWS } from "./specs_rows";
import { STATEMENTS } from "./specs_statements";
import { THINGS } from "./specs_things";

export type { Field, RowKind, Spec } from "./spec";

export const SPECS: Specs = { ...STATEMENTS, ...ROWS, ...THINGS };

/** The spec of the noun that a row of this kind holds. */
const VERB_OF: Record<RowKind, Verb> = {
  incident: "open_incident",
  series: "link",
  actor: "add_actor",
  source: "add_source",
  document: "add_document",
  assertion: "assert",
  claim: "claim",
  relation: "relate",
  place: "add_place",
  evidence: "add_evidence",
  custody: "hand_on",
};

export function specOfKind(kind: string): Spec | undefined {
  const verb = VERB_OF[kind as RowKind];
  return verb ? SPECS[verb] : undefined;
}

/** The field that a sentence of the service is about; "" where it is about the whole. */
export function fieldOfSentence(spec: Spec, sentence: string): string {
  const quoted = spec.fields.filter((f) => new RegExp(`['"\`]${f.name}['"\`]`).test(sentence));
  const found = spec.fields.find((f) => f.heard?.test(sentence)) ?? quoted[0];
  return found?.name ?? "";
}
