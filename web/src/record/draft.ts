// What a person has typed into a form, and the noun's fields that it comes to. Pure functions.

import type { Block, Span, Step, TimeSaid } from "./nouns.gen";
import { TEXT_BLOCKS } from "./nouns.gen";
import type { Field, Spec } from "./specs";
import { fieldOf, unixOf } from "./times";

export interface TimeDraft {
  verbatim: string;
  from: string;
  to: string;
  by: string;
  why: string;
}

export type StepDraft = Required<Step>;
export type Value = string | string[] | TimeDraft | StepDraft[] | Block[];
export type Draft = Record<string, Value>;
export type Faults = Record<string, string>;

export const newStep = (): StepDraft => ({ source: "", verb: "said", explicit: true, note: "" });

/** An empty form; `given`: fields of the noun that are known already. */
export function openDraft(spec: Spec, given: Record<string, unknown> = {}): Draft {
  return Object.fromEntries(spec.fields.map((f) => [f.name, draftOf(f, given[f.name])]));
}

function draftOf(field: Field, given: unknown): Value {
  switch (field.kind) {
    case "chain": {
      const steps = ((given as Step[]) ?? []).map((step) => ({ ...newStep(), ...step }));
      return steps.length ? steps : [newStep()];
    }
    case "time": {
      const time = (given ?? {}) as TimeSaid;
      const to = time.latest_s === time.earliest_s ? "" : fieldOf(time.latest_s);
      return {
        verbatim: time.verbatim ?? "",
        from: fieldOf(time.earliest_s),
        to,
        by: time.resolved_by ?? "",
        why: time.why_unresolved ?? "",
      };
    }
    case "blocks":
      return ((given as Block[]) ?? []).map((block) => ({ ...block }));
    case "moment":
      return fieldOf(given as number | null | undefined);
    case "refs":
      return [...((given as string[]) ?? [])];
    case "words":
      return ((given as string[]) ?? []).join(", ");
    default:
      return given === undefined || given === null ? (field.initial ?? "") : String(given);
  }
}

/** Whether a field has a meaning with what the others hold. */
export function isAsked(field: Field, draft: Draft): boolean {
  return !field.when || field.when.is.includes(String(draft[field.when.field] ?? ""));
}

/** What a draft comes to: the noun's fields, those left empty left out, and what is at fault. */
export function bodyOf(
  spec: Spec,
  draft: Draft,
): { body: Record<string, unknown>; faults: Faults } {
  const body: Record<string, unknown> = {};
  const faults: Faults = {};
  for (const field of spec.fields) {
    const value = isAsked(field, draft) ? encoded(field, draft[field.name]!) : undefined;
    if (value === undefined) {
      if (field.required) faults[field.name] = field.required;
    } else if (value instanceof Error) faults[field.name] = value.message;
    else body[field.name] = value;
  }
  return { body, faults };
}

function encoded(field: Field, value: Value): unknown {
  switch (field.kind) {
    case "chain": {
      const steps = (value as StepDraft[]).filter((step) => step.source);
      return steps.length ? steps.map(stepOf) : undefined;
    }
    case "time":
      return timeOf(value as TimeDraft);
    case "blocks":
      return (value as Block[]).length ? value : undefined;
    case "refs":
      return (value as string[]).length ? value : undefined;
    case "words": {
      const words = (value as string).split(",").map((word) => word.trim());
      const given = words.filter(Boolean);
      return given.length ? given : undefined;
    }
    case "number": {
      const text = (value as string).trim();
      if (!text) return undefined;
      const number = Number(text);
      return Number.isFinite(number) ? number : new Error(`“${text}” is no number.`);
    }
    case "moment": {
      if (!value) return undefined;
      return unixOf(value as string) ?? new Error("Give date and time in UTC.");
    }
    case "value": {
      const text = (value as string).trim();
      if (!text) return undefined;
      return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    }
    default:
      return (value as string).trim() || undefined;
  }
}

function stepOf(step: StepDraft): Step {
  return {
    source: step.source,
    verb: step.verb.trim() || "said",
    ...(step.explicit ? {} : { explicit: false }),
    ...(step.note.trim() ? { note: step.note.trim() } : {}),
  };
}

function timeOf(time: TimeDraft): TimeSaid | Error | undefined {
  const said = {
    ...(time.verbatim.trim() ? { verbatim: time.verbatim.trim() } : {}),
    ...(time.by.trim() ? { resolved_by: time.by.trim() } : {}),
    ...(time.why.trim() ? { why_unresolved: time.why.trim() } : {}),
  };
  if (!time.from && !time.to) return Object.keys(said).length ? said : undefined;
  const from = unixOf(time.from || time.to);
  const to = unixOf(time.to || time.from);
  if (from === null || to === null) {
    return new Error("Give date and time in UTC, for example 2026-08-05 18:00.");
  }
  if (from > to) return new Error("The earliest time is after the latest.");
  if (!time.by.trim()) {
    return new Error("Say what the time rests on, for example “the date line of the article”.");
  }
  return { ...said, earliest_s: from, latest_s: to };
}

// What stands for "nothing" where a correction empties a field.
const NOTHING: Partial<Record<Field["kind"], unknown>> = {
  chain: [],
  time: {},
  blocks: [],
  refs: [],
  words: [],
  number: null,
  value: null,
  moment: null,
};

const nothing = (field: Field): unknown =>
  field.kind in NOTHING ? NOTHING[field.kind] : (field.initial ?? "");

/** The fields that a correction changes: what `after` says otherwise than `before`. */
export function changesOf(spec: Spec, before: Draft, after: Draft): Record<string, unknown> {
  const old = bodyOf(spec, before).body;
  const now = bodyOf(spec, after).body;
  const pairs = spec.fields.map((field): [string, unknown, unknown] => {
    const { name } = field;
    return [name, old[name] ?? nothing(field), now[name] ?? nothing(field)];
  });
  const changed = pairs.filter(([, was, is]) => JSON.stringify(was) !== JSON.stringify(is));
  return Object.fromEntries(changed.map(([name, , is]) => [name, is]));
}

/** Where words stand in a document: the only place, in its text, counted in characters of
 * Unicode as the service counts them; null where they stand nowhere or more than once. */
export function spanOf(document: string, blocks: readonly Block[], words: string): Span | null {
  if (!words) return null;
  let found: Span | null = null;
  for (const [index, block] of blocks.entries()) {
    const text = block.text ?? "";
    if (!(TEXT_BLOCKS as readonly string[]).includes(block.kind)) continue;
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
      if (found) return null;
      const start = [...text.slice(0, at)].length;
      found = { document, block: index, start, end: start + [...words].length };
    }
  }
  return found;
}

/** A pasted text as blocks: an empty line parts them; the kinds of known ones are kept, and the
 * parts without words stay in their places. */
export function blocksOf(text: string, before: readonly Block[] = []): Block[] {
  const known = new Map(before.map((block) => [block.text, block]));
  const blocks: Block[] = text
    .replace(/\r\n?/g, "\n")
    .split(/\n[ \t]*\n+/)
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => ({ kind: "paragraph", ...known.get(part), text: part }));
  for (const [at, block] of before.entries()) if (!block.text) blocks.splice(at, 0, block);
  return blocks;
}

export const textOf = (blocks: readonly Block[]): string =>
  blocks
    .map((block) => block.text ?? "")
    .filter(Boolean)
    .join("\n\n");
