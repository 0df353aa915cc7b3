// Rows of the record in words. What is not known is said to be not known.

import type { Account, Row, Told } from "./api";
import type {
  Actor,
  Custody,
  Document,
  Evidence,
  Incident,
  Place,
  Series,
  Source,
  Step,
} from "./nouns.gen";
import { ANONYMOUS, PAGE_FUNCTIONS } from "./nouns.gen";

/** The words for a row: its name, else the words that were used for it, else its id. */
export function labelOf(row: Row): string {
  switch (row.kind) {
    case "source":
    case "actor": {
      const noun = row.noun as Source | Actor;
      return noun.name || noun.descriptor || row.id;
    }
    case "incident": {
      const noun = row.noun as Incident;
      return `${row.id} (${noun.site_name || noun.site})`;
    }
    case "document":
      return (row.noun as Document).headline || row.id;
    case "place":
      return (row.noun as Place).name || (row.noun as Place).as_stated || row.id;
    case "evidence":
      return (row.noun as Evidence).name;
    case "custody":
      return `${(row.noun as Custody).action} [${row.id}]`;
    case "series":
      return (row.noun as Series).label || row.id;
    default: {
      const words = (row as Told).words;
      return words ? `${words} [${row.id}]` : row.id;
    }
  }
}

export interface Link {
  id: string;
  label: string;
  /** Words for what a reader should know of the source; "" nothing. */
  mark: string;
}

/** A chain from the page that was read back to the event: who cites whom. */
export function citing(account: Account, chain: readonly Step[]): Link[] {
  return [...chain].reverse().map((step) => {
    const row = account.sources[step.source];
    const noun = row?.noun;
    const isAnonymous = (ANONYMOUS as readonly string[]).includes(noun?.identity ?? "named");
    const marks = [
      isAnonymous ? noun!.identity! : "",
      step.note || (step.explicit === false ? "not named in the text" : ""),
    ];
    return {
      id: step.source,
      label: row ? labelOf(row) : step.source,
      mark: marks.filter(Boolean).join("; "),
    };
  });
}

/** The words that stand between two links of a chain. */
export const LINKS = { first: "according to", next: "which cited" } as const;

export const nameOf = (rows: Record<string, Row>, id: string): string =>
  rows[id] ? labelOf(rows[id]) : id;

/** A field of a noun in words, for what was wrong and what is right. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  if (Array.isArray(value)) return value.map(valueWords).join(", ") || "nothing";
  if (typeof value === "object") {
    const parts = Object.entries(value as Record<string, unknown>)
      .filter(([, inner]) => inner !== null && inner !== "" && inner !== undefined)
      .map(([name, inner]) => `${name.replaceAll("_", " ")}: ${valueWords(inner)}`);
    return parts.join(", ") || "nothing";
  }
  return String(value);
}

/** What a part of a page was like; free text in the record, these are offered. */
export const BLOCK_STATES = ["", "shown", "empty", "did not render"] as const;

/** Whether a block is a function of the page, which is no evidence. */
export const isOfPage = (kind: string): boolean =>
  (PAGE_FUNCTIONS as readonly string[]).includes(kind);

const KINDS: Record<string, string> = {
  drones: "Drones",
  unidentified: "Something unidentified",
  missiles: "Missiles",
  rockets: "Rockets",
  intrusion: "An intrusion",
  interference: "Interference",
};

/** What kind of incident it was; "other" is told by the incident's own text. */
export const kindWords = (kind: string): string => KINDS[kind] ?? "Something else";
