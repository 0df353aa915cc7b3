// What the record's pages show and what is being written: one for the whole time of the app, so
// that a half-written form is still there after a look at the watch.

import { newKey } from "../state/acts";
import {
  type Account,
  addRow,
  getIncident,
  getIncidents,
  getRows,
  type Listed,
  type Recorded,
  type Row,
} from "./api";
import {
  bodyOf,
  changesOf,
  type Draft,
  type Faults,
  openDraft,
  type StepDraft,
  spanOf,
} from "./draft";
import type { Block, Span, Verb } from "./nouns.gen";
import { PressDraft } from "./press.svelte";
import { fieldOfSentence, SPECS, type Spec, specOfKind } from "./specs";

/** A form that is open. Those below it in the stack wait for a row that it makes. */
export class OpenForm {
  draft = $state<Draft>({});
  faults = $state<Faults>({});
  sentence = $state("");
  sending = $state(false);
  /** The id that the row is to get; "" the service gives one. */
  id = "";
  /** The key stays while the body is the same: a second press cannot record it twice. */
  #key = newKey();
  #sent = "";
  #opened: string;

  constructor(
    readonly spec: Spec,
    given: Record<string, unknown> = {},
    /** Where the id of the new row goes in the form below. */
    readonly into: { field: string; step: number } | null = null,
    /** Under which name it is kept when it is closed: of another incident it is another. */
    readonly slot = "",
  ) {
    this.draft = openDraft(spec, given);
    this.#opened = JSON.stringify(this.draft);
  }

  /** Whether somebody has written anything in it. */
  get isTouched(): boolean {
    return JSON.stringify(this.draft) !== this.#opened;
  }

  keyFor(body: string): string {
    if (body !== this.#sent) this.#key = newKey();
    this.#sent = body;
    return this.#key;
  }
}

/** A correction: a row as it stands, and the same form with what is right. */
export class CorrectionForm extends OpenForm {
  kind = $state("corrected");
  wrong = $state("");
  right = $state("");
  readonly before: Draft;

  constructor(
    readonly row: Row,
    spec: Spec,
  ) {
    super(spec, row.noun as unknown as Record<string, unknown>, null, `correct ${row.id}`);
    this.before = openDraft(spec, row.noun as unknown as Record<string, unknown>);
  }

  override get isTouched(): boolean {
    return Boolean(this.wrong || this.right || this.kind !== "corrected" || super.isTouched);
  }
}

const KINDS = ["source", "actor", "document", "incident", "series", "place", "evidence"] as const;

export class RecordDesk {
  listed = $state.raw<Listed | null>(null);
  account = $state.raw<Account | null>(null);
  /** Rows that forms may point at, by kind. */
  rows = $state.raw<Record<string, Row[]>>({});
  forms = $state.raw<OpenForm[]>([]);
  choosing = $state(false);
  order = $state<"happened" | "recorded">("happened");
  /** Unix seconds: the map as it stood at that moment; null the whole incident. */
  scrub = $state<number | null>(null);
  /** Unix seconds: `account` is as it was known then; null now. Set with `account`, never before
   * it: a page must not say "as it was known then" above what is known now. */
  at = $state<number | null>(null);
  /** An answer about an incident is still on its way. */
  loading = $state(false);
  /** What could not be had, by what it is: an answer about one says nothing of the other. */
  #problems = $state({ page: "", rows: "" });
  #asked = { page: 0, rows: 0 };
  #rowsAsked: Promise<void> = Promise.resolve();
  /** Forms that were closed with words in them, by their slot, each with those that wait for it
   * on top: they come back when opened again. */
  #closed = new Map<string, OpenForm[]>();
  #press = new Map<string, PressDraft>();

  get form(): OpenForm | undefined {
    return this.forms.at(-1);
  }

  get problem(): string {
    return this.#problems.page || this.#problems.rows;
  }

  /** What is being written for the readers of an incident's account. */
  press(incident: string, profile: string): PressDraft {
    const slot = `${incident} ${profile}`;
    const press = this.#press.get(slot) ?? new PressDraft();
    this.#press.set(slot, press);
    return press;
  }

  async loadList(): Promise<void> {
    this.at = null;
    await this.#guard("page", async () => {
      this.listed = await getIncidents();
    });
  }

  /** Load an incident as it was known at `at`; an answer that a later question has overtaken is
   * dropped. */
  async loadIncident(id: string, at: number | null): Promise<void> {
    this.loading = true;
    if (this.account?.summary.id !== id) {
      this.account = null;
      this.scrub = null;
    }
    await this.#guard("page", async (isWanted) => {
      const account = await getIncident(id, at ?? undefined);
      if (isWanted()) [this.account, this.at] = [account, at];
    });
  }

  loadRows(): Promise<void> {
    this.#rowsAsked = this.#guard("rows", async () => {
      const lists = await Promise.all(KINDS.map((kind) => getRows(kind)));
      this.rows = Object.fromEntries(KINDS.map((kind, at) => [kind, lists[at]!]));
    });
    return this.#rowsAsked;
  }

  /** All rows of these kinds: of the register, and what is said of this incident. */
  known(kinds: readonly string[]): Row[] {
    const here = this.account;
    return kinds.flatMap((kind): Row[] => {
      if (kind === "assertion") return here?.assertions ?? [];
      if (kind === "claim") return here?.claims ?? [];
      if (kind === "relation") return here?.relations ?? [];
      return this.rows[kind] ?? [];
    });
  }

  /** Open a form for a noun; `given` fills what is known already, its id too. */
  open(verb: Verb, given: Record<string, unknown> = {}): void {
    const spec = SPECS[verb];
    if (!spec) return;
    const more = Object.keys(given).length ? ` ${JSON.stringify(given)}` : "";
    const slot = `${verb} of ${this.account?.summary.id ?? ""}${more}`;
    this.#show(slot, () => {
      const form = new OpenForm(spec, { ...this.#here(verb), ...given }, null, slot);
      if (typeof given.id === "string") form.id = given.id;
      return form;
    });
  }

  /** Empty the open form. */
  startAnew(): void {
    const form = this.form;
    if (!form) return;
    const given = form.into ? {} : this.#here(form.spec.verb);
    const anew = new OpenForm(form.spec, given, form.into, form.slot);
    this.forms = [...this.forms.slice(0, -1), anew];
  }

  /** Make a row that the open form needs; the form waits below. */
  openAnew(verb: Verb, field: string, step: number): void {
    const spec = SPECS[verb];
    if (!spec) return;
    const slot = `${verb} for ${this.form?.slot} ${field} ${step}`;
    const above = this.#takeBack(slot) ?? [new OpenForm(spec, {}, { field, step }, slot)];
    this.forms = [...this.forms, ...above];
  }

  openCorrection(row: Row): void {
    const spec = specOfKind(row.kind);
    if (!spec) return;
    const anew = new CorrectionForm(row, spec);
    this.#show(anew.slot, () => anew);
    const form = this.form;
    if (!(form instanceof CorrectionForm) || form.row.entry === row.entry) return;
    // What was to be corrected has changed: the words are kept, the fields are as they stand now.
    [anew.kind, anew.wrong, anew.right] = [form.kind, form.wrong, form.right];
    anew.sentence =
      "Somebody has changed this row since: your words are back, put its fields right anew.";
    this.forms = [anew];
  }

  close(): void {
    if (this.choosing) {
      this.choosing = false;
      return;
    }
    this.#keep(this.forms.slice(-1));
    this.forms = this.forms.slice(0, -1);
  }

  /** Show the form of a slot, what was written in it before if anything was; the one that stands
   * there now is kept. */
  #show(slot: string, anew: () => OpenForm): void {
    this.choosing = false;
    void this.loadRows();
    this.#keep(this.forms);
    this.forms = this.#takeBack(slot) ?? [anew()];
  }

  #keep(forms: OpenForm[]): void {
    const lowest = forms[0];
    if (lowest && forms.some((form) => form.isTouched)) this.#closed.set(lowest.slot, forms);
  }

  #takeBack(slot: string): OpenForm[] | undefined {
    const forms = this.#closed.get(slot);
    this.#closed.delete(slot);
    const shown = forms?.at(-1);
    if (shown && !shown.sending) shown.sentence = "What you had written is back.";
    return forms;
  }

  /** Send the open form; null where the page itself saw what is missing. */
  async submit(): Promise<Recorded | null> {
    const form = this.form;
    if (!form || form.sending) return null;
    form.sending = true;
    // Where words stand in their document is known from its row: who is quick loses nothing of it.
    await this.#rowsAsked;
    const act = form instanceof CorrectionForm ? this.#correction(form) : this.#addition(form);
    if (!act) {
      form.sending = false;
      return null;
    }
    const answer = await addRow(act.verb, form.keyFor(JSON.stringify(act)), act.body);
    form.sending = false;
    if (answer.accepted) await this.#recorded(form, answer.id ?? "");
    else this.#refused(form, answer.sentence);
    return answer;
  }

  /** Send a small act that has no form: an approval. */
  async add(verb: Verb, key: string, body: Record<string, unknown>): Promise<Recorded> {
    const answer = await addRow(verb, key, body);
    if (answer.accepted) await this.reload();
    return answer;
  }

  async reload(): Promise<void> {
    const id = this.account?.summary.id;
    await Promise.all([id ? this.loadIncident(id, this.at) : this.loadList(), this.loadRows()]);
  }

  #here(verb: Verb): Record<string, unknown> {
    const id = this.account?.summary.id;
    if (!id) return {};
    if (verb === "claim") return { incidents: [id] };
    if (verb === "add_evidence") return { about: [id] };
    return verb === "assert" ? { about: [id] } : verb === "link" ? { incidents: [id] } : {};
  }

  #addition(form: OpenForm): { verb: Verb; body: Record<string, unknown> } | null {
    const { body, faults } = bodyOf(form.spec, form.draft);
    if (this.#faulty(form, faults)) return null;
    const span = this.#span(String(body.document ?? ""), String(body.verbatim ?? ""));
    const id = form.id ? { id: form.id } : {};
    return { verb: form.spec.verb, body: { ...body, ...(span ? { span } : {}), ...id } };
  }

  #correction(form: CorrectionForm): { verb: Verb; body: Record<string, unknown> } | null {
    const withdrawn = form.kind === "withdrawn";
    const faults = withdrawn ? {} : bodyOf(form.spec, form.draft).faults;
    if (!form.wrong.trim()) faults.wrong = "Say what was wrong.";
    if (!withdrawn && !form.right.trim()) faults.right = "Say what is right.";
    const changes = withdrawn ? {} : changesOf(form.spec, form.before, form.draft);
    if (!withdrawn && Object.keys(changes).length === 0) {
      faults.changes = "Nothing is changed below: put right the field that was wrong.";
    }
    if (this.#faulty(form, faults)) return null;
    const noun = form.row.noun as { span?: Span | null; document?: string };
    if (noun.span && ("verbatim" in changes || "document" in changes)) {
      const document = String(changes.document ?? noun.document ?? noun.span.document);
      changes.span = this.#span(document, String(form.draft.verbatim));
    }
    const { kind, wrong, right } = form;
    return {
      verb: "correct",
      body: { of: form.row.id, kind, wrong, right, changes, seen: form.row.entry },
    };
  }

  #faulty(form: OpenForm, faults: Faults): boolean {
    form.faults = faults;
    const count = Object.keys(faults).length;
    form.sentence = count ? "Not sent yet: see the fields that are marked." : "";
    return count > 0;
  }

  #refused(form: OpenForm, sentence: string): void {
    const own = form instanceof CorrectionForm ? /`(wrong|right)`/.exec(sentence)?.[1] : "";
    const field = own || fieldOfSentence(form.spec, sentence);
    form.faults = field ? { [field]: sentence } : {};
    form.sentence = sentence;
  }

  #span(document: string, words: string): Span | null {
    const row = this.known(["document"]).find((r) => r.id === document);
    return row ? spanOf(document, (row.noun as { blocks?: Block[] }).blocks ?? [], words) : null;
  }

  async #recorded(form: OpenForm, id: string): Promise<void> {
    await this.reload();
    this.forms = this.forms.filter((other) => other !== form);
    // Who opened another one while it was sent must not find it again as if it had not been.
    for (const [slot, kept] of this.#closed) {
      const left = kept.filter((other) => other !== form);
      if (left.length) this.#closed.set(slot, left);
      else this.#closed.delete(slot);
    }
    const below = this.form;
    if (!below || !form.into || !id) return;
    const { field, step } = form.into;
    const value = below.draft[field];
    if (step >= 0) (value as StepDraft[])[step]!.source = id;
    else if (Array.isArray(value)) (value as string[]).push(id);
    else below.draft[field] = id;
  }

  /** Load something; `isWanted` tells whether nothing has been asked for since in its place. */
  async #guard(
    what: "page" | "rows",
    load: (isWanted: () => boolean) => Promise<void>,
  ): Promise<void> {
    this.#asked[what] += 1;
    const asked = this.#asked[what];
    const isWanted = () => asked === this.#asked[what];
    let problem = "";
    try {
      await load(isWanted);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (!isWanted()) return;
    this.#problems[what] = problem;
    if (what === "page") this.loading = false;
  }
}

export const recordDesk = new RecordDesk();
