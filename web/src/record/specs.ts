// The forms of the record: what is asked for each noun, in the order in which it is known.
// What a field must hold is the service's to judge; here is only how it is asked.

import {
  AUDIENCES,
  BOUNDS,
  CREDIBILITY,
  IDENTITIES,
  INCIDENT_KINDS,
  MODALITIES,
  QUOTES,
  RELATIONS,
  RELIABILITY,
  SCOPES,
  SOURCE_KINDS,
  STATES,
  type Verb,
} from "./nouns.gen";

export type RowKind =
  | "incident"
  | "series"
  | "actor"
  | "source"
  | "document"
  | "assertion"
  | "claim"
  | "relation";

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
  | "blocks";

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

/** Quantities that are asked for again and again; any other word will do. */
export const QUANTITIES = [
  "drones",
  "injuries",
  "deaths",
  "accounted",
  "missing",
  "hurt",
  "outcome",
  "damage",
  "target",
  "drone type",
  "origin",
  "official attribution",
] as const;

const CHAIN: Field = {
  name: "chain",
  label: "Who said it, through whom",
  kind: "chain",
  hint: "Nearest to the event first; the page or paper that was read last. Where a text names nobody, its writer is the source.",
  required: "Name at least one source.",
  heard: /chain|the source '|who said it/,
};
const VERBATIM: Field = {
  name: "verbatim",
  label: "The words as they were said or written",
  kind: "area",
  required: "Give the words themselves.",
  heard: /verbatim|the words/,
};
const DOCUMENT: Field = {
  name: "document",
  label: "In which document",
  kind: "ref",
  of: ["document"],
  anew: "add_document",
  blank: "none that is kept here",
  hint: "Words that stand in it just so are marked there by themselves.",
  heard: /the document|the span|block \d/,
};
const SAID: Field = {
  name: "said",
  label: "When it was said",
  kind: "time",
  heard: /time it was said|time of the claim/,
};
const QUOTE: Field = {
  name: "quote",
  label: "How the words are given",
  kind: "choice",
  options: QUOTES,
  initial: "paraphrased",
  more: true,
};
const NOTE: Field = { name: "note", label: "Note", kind: "area", more: true };
const AUDIENCE: Field = {
  name: "audience",
  label: "Who may read it",
  kind: "choice",
  options: AUDIENCES,
  blank: "decided by where it came from",
  more: true,
};

export const SPECS: Partial<Record<Verb, Spec>> = {
  claim: {
    verb: "claim",
    title: "Claim of responsibility",
    about: "That somebody is said to have claimed it. It is never an attribution.",
    fields: [
      {
        name: "claimant",
        label: "Who is said to claim it",
        kind: "ref",
        of: ["actor"],
        anew: "add_actor",
        required: "Choose who is said to claim it.",
        heard: /the claimant/,
      },
      {
        name: "incidents",
        label: "What is claimed",
        kind: "refs",
        of: ["incident"],
        required: "Choose at least one incident.",
        heard: /the incident '|about incidents/,
      },
      VERBATIM,
      CHAIN,
      DOCUMENT,
      SAID,
      {
        name: "together_with",
        label: "What came with it",
        kind: "text",
        hint: "For example: a threat of more operations.",
        more: true,
      },
      {
        name: "mode",
        label: "How it was made",
        kind: "text",
        offered: ["statement", "video", "social media", "broadcast", "telephone"],
        more: true,
      },
      {
        name: "confirmed_by",
        label: "Confirmed officially by",
        kind: "ref",
        of: ["source"],
        blank: "official confirmation: none stated",
        more: true,
        heard: /the confirming source/,
      },
      QUOTE,
      NOTE,
      AUDIENCE,
    ],
  },
  assert: {
    verb: "assert",
    title: "Statement",
    about: "One thing that somebody said: how many drones, whether anybody was hurt, the outcome.",
    fields: [
      {
        name: "about",
        label: "About what",
        kind: "refs",
        of: ["incident", "series", "actor"],
        required: "Choose what it is about.",
        heard: /in `about`|about something/,
      },
      {
        name: "quantity",
        label: "What is spoken of",
        kind: "text",
        offered: QUANTITIES,
        required: "Say what is spoken of, for example drones or injuries.",
        heard: /quantity/,
      },
      {
        name: "state",
        label: "What is known of it",
        kind: "choice",
        options: STATES,
        initial: "stated",
        hint: "“none reported” is silence, and no zero.",
        heard: /the state|'none reported'/,
      },
      {
        name: "value",
        label: "The value",
        kind: "value",
        hint: "A number or a word.",
        when: { field: "state", is: ["stated"] },
        heard: /no value|number that can be compared/,
      },
      {
        name: "bound",
        label: "How exactly",
        kind: "choice",
        options: BOUNDS,
        initial: "exactly",
        when: { field: "state", is: ["stated"] },
      },
      {
        name: "unit",
        label: "Unit",
        kind: "text",
        when: { field: "state", is: ["stated"] },
        more: true,
      },
      {
        name: "scope",
        label: "Of each, or of all together",
        kind: "choice",
        options: SCOPES,
        initial: "each",
        more: true,
      },
      VERBATIM,
      CHAIN,
      DOCUMENT,
      SAID,
      {
        name: "when",
        label: "What time it speaks of",
        kind: "time",
        more: true,
        heard: /time that was spoken of/,
      },
      {
        name: "modality",
        label: "Asserted, possible or denied",
        kind: "choice",
        options: MODALITIES,
        initial: "asserted",
        more: true,
      },
      {
        name: "hedge",
        label: "Words that make it less sure",
        kind: "text",
        hint: "For example: “appears to”.",
        more: true,
      },
      QUOTE,
      NOTE,
      AUDIENCE,
    ],
  },
  add_source: {
    verb: "add_source",
    title: "Source",
    about: "Who said something or carried it. Somebody unnamed is a source of their own.",
    fields: [
      {
        name: "identity",
        label: "Is the source named?",
        kind: "choice",
        options: IDENTITIES,
        initial: "named",
      },
      {
        name: "name",
        label: "Name",
        kind: "text",
        when: { field: "identity", is: ["named", "not stated on page"] },
        heard: /its name|has no name/,
      },
      {
        name: "descriptor",
        label: "The words used for the source",
        kind: "text",
        hint: "For example: a defence official.",
        heard: /descriptor|words that were used/,
      },
      {
        name: "kind",
        label: "What it is",
        kind: "choice",
        options: ["", ...SOURCE_KINDS],
        blank: "choose",
        required: "Say what the source is.",
      },
      {
        name: "count_stated",
        label: "How many they are",
        kind: "choice",
        options: ["", "one", "more than one"],
        blank: "not stated",
        more: true,
      },
      {
        name: "reason_for_anonymity",
        label: "Why unnamed, as the text says",
        kind: "text",
        more: true,
      },
      {
        name: "medium",
        label: "Medium",
        kind: "text",
        hint: "For example: telephone, website.",
        more: true,
      },
      {
        name: "reported_by",
        label: "Known through",
        kind: "ref",
        of: ["source"],
        blank: "–",
        more: true,
        heard: /the reporting source/,
      },
      {
        name: "actor",
        label: "Speaks for",
        kind: "ref",
        of: ["actor"],
        blank: "–",
        more: true,
        heard: /the actor/,
      },
      {
        name: "sealed",
        label: "Who it is",
        kind: "text",
        hint: "Kept sealed; the record holds a commitment to it.",
        when: { field: "identity", is: ["sealed"] },
      },
      NOTE,
    ],
  },
  add_actor: {
    verb: "add_actor",
    title: "Actor",
    about: "A group, state or person that is spoken of.",
    fields: [
      {
        name: "name",
        label: "Name",
        kind: "text",
        hint: "Leave it empty where none is given.",
        heard: /needs a name/,
      },
      {
        name: "descriptor",
        label: "The words used, where there is no name",
        kind: "text",
        hint: "For example: a militia, not named.",
        heard: /descriptor/,
      },
      {
        name: "kind",
        label: "What it is",
        kind: "text",
        offered: ["group", "state", "person", "organisation"],
        initial: "group",
      },
      { name: "country", label: "Country", kind: "text", more: true },
      {
        name: "aliases",
        label: "Other names",
        kind: "words",
        hint: "With commas between them.",
        more: true,
      },
    ],
  },
  add_document: {
    verb: "add_document",
    title: "Document",
    about:
      "A text that was read. What belongs to the page around it is kept and is never evidence.",
    fields: [
      { name: "headline", label: "Headline or title", kind: "text", heard: /headline/ },
      {
        name: "blocks",
        label: "The text",
        kind: "blocks",
        hint: "Paste it: an empty line begins a new block. Then say what is no text of the article.",
        heard: /blocks|kind of block|characters; at most/,
      },
      {
        name: "kind",
        label: "What it is",
        kind: "text",
        offered: ["article", "statement", "post", "broadcast", "report", "log"],
        initial: "article",
      },
      {
        name: "origin",
        label: "Who wrote it",
        kind: "ref",
        of: ["source"],
        anew: "add_source",
        blank: "not stated",
      },
      {
        name: "carrier",
        label: "Who showed it",
        kind: "ref",
        of: ["source"],
        anew: "add_source",
        blank: "the same, or not stated",
      },
      { name: "url", label: "Address on the web", kind: "text" },
      {
        name: "published",
        label: "When it was published",
        kind: "time",
        heard: /time of publication/,
      },
      {
        name: "language",
        label: "Language",
        kind: "text",
        hint: "For example: en, ar.",
        more: true,
      },
      {
        name: "tags",
        label: "Tags of the page",
        kind: "words",
        hint: "With commas between them.",
        more: true,
      },
      NOTE,
    ],
  },
  relate: {
    verb: "relate",
    title: "Relation",
    about: "How two actors, two statements or two incidents are related, and according to whom.",
    fields: [
      {
        name: "from_id",
        label: "This",
        kind: "ref",
        of: ["actor", "assertion", "claim", "incident"],
        anew: "add_actor",
        required: "Choose the first of the two.",
        heard: /related to itself|cannot be related|the thing '/,
      },
      { name: "type", label: "is", kind: "choice", options: RELATIONS, initial: "part of" },
      {
        name: "to_id",
        label: "this",
        kind: "ref",
        of: ["actor", "assertion", "claim", "incident"],
        anew: "add_actor",
        required: "Choose the second of the two.",
      },
      {
        ...CHAIN,
        required: undefined,
        hint: "Needed between actors. That two statements contradict, an editor may say without a source.",
      },
      { ...VERBATIM, required: undefined },
      DOCUMENT,
      { name: "hedge", label: "Words that make it less sure", kind: "text", more: true },
      NOTE,
      AUDIENCE,
    ],
  },
  grade: {
    verb: "grade",
    title: "Grade",
    about:
      "A person's judgement (Admiralty): how reliable a source is, or how credible a statement.",
    fields: [
      {
        name: "of",
        label: "What is graded",
        kind: "ref",
        of: ["source", "assertion", "claim", "relation"],
        required: "Choose a source or a statement.",
        heard: /what is graded/,
      },
      {
        name: "reliability",
        label: "Reliability of the source",
        kind: "choice",
        options: ["", ...RELIABILITY],
        blank: "–",
        hint: "A completely reliable … E unreliable, F cannot be judged. Only for a source.",
        heard: /reliability/,
      },
      {
        name: "credibility",
        label: "Credibility of the statement",
        kind: "choice",
        options: ["", ...CREDIBILITY],
        blank: "–",
        hint: "1 confirmed … 5 improbable, 6 cannot be judged. Only for a statement.",
        heard: /credibility/,
      },
      {
        name: "reason",
        label: "Why",
        kind: "area",
        required: "A grade needs its reason.",
        heard: /reason/,
      },
    ],
  },
  open_incident: {
    verb: "open_incident",
    title: "Incident",
    about: "For what no sensor saw. An alarm that reaches CAUTION opens its incident by itself.",
    fields: [
      {
        name: "site",
        label: "Id of the site",
        kind: "text",
        required: "Give the site's id, for example north-base.",
        heard: /needs a site/,
      },
      { name: "site_name", label: "Name of the place", kind: "text" },
      {
        name: "kind",
        label: "What it was",
        kind: "choice",
        options: INCIDENT_KINDS,
        initial: "drones",
      },
      { name: "happened", label: "When it happened", kind: "time", heard: /time of the incident/ },
      { name: "text", label: "In words", kind: "area" },
      {
        name: "nature",
        label: "Real, exercise or simulated",
        kind: "choice",
        options: ["live", "exercise", "simulated"],
        initial: "live",
      },
      { name: "lat", label: "Latitude (degrees)", kind: "number", more: true, heard: /lat/ },
      { name: "lon", label: "Longitude (degrees)", kind: "number", more: true },
    ],
  },
  link: {
    verb: "link",
    title: "Series",
    about: "Incidents that belong together in time. It says nothing of who was behind them.",
    fields: [
      {
        name: "incidents",
        label: "Which incidents",
        kind: "refs",
        of: ["incident"],
        required: "Choose at least two.",
        heard: /at least two|the incident '/,
      },
      { name: "label", label: "What it is called", kind: "text" },
    ],
  },
};

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
