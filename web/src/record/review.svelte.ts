// The review of one import: which item is at hand, what is recorded, and what a key does to it.

import { newKey } from "../state/acts";
import { addRow } from "./api";
import { recordDesk } from "./desk.svelte";
import {
  addImport,
  type Candidate,
  clauseEnd,
  getImport,
  getImports,
  type ImportPage,
  type ImportRow,
  type ProposedRow,
  type ReviewAct,
  reviewImport,
} from "./imports";

/** For so long after the page itself went on to another item no key acts on it: a bounced key, or
 * one pressed twice in haste, would record what nobody has read. */
const QUIET_MS = 300;

export class Review {
  list = $state.raw<ImportRow[] | null>(null);
  page = $state.raw<ImportPage | null>(null);
  /** Id of the item at hand. */
  current = $state("");
  problem = $state("");
  said = $state("");
  busy = $state(false);
  /** One key for each row and item: a second press cannot record it twice. */
  #keys = new Map<string, string>();
  #last: Promise<void> = Promise.resolve();
  /** The item that the page itself went on to last, and when, by the steady clock. */
  #wentOn = { id: "", ms: Number.NEGATIVE_INFINITY };

  /** The item at hand has only just come up by itself. */
  get isNew(): boolean {
    const { id, ms } = this.#wentOn;
    return id === this.current && performance.now() - ms < QUIET_MS;
  }

  get items(): Candidate[] {
    return this.page?.proposal.items ?? [];
  }

  get item(): Candidate | undefined {
    return this.items.find((item) => item.id === this.current);
  }

  get rows(): Map<string, ProposedRow> {
    return new Map((this.page?.proposal.rows ?? []).map((row) => [row.id, row]));
  }

  stateOf(item: Candidate): "recorded" | "rejected" | "open" {
    return this.page?.recorded.includes(item.id) ? "recorded" : item.state;
  }

  labelOf(id: string): string {
    const body = this.rows.get(id)?.body ?? {};
    const name = body.name ?? body.descriptor ?? body.site_name ?? body.headline ?? body.label;
    return String(name || id);
  }

  async load(id: string): Promise<void> {
    await this.#guard(async () => {
      if (id) this.#show(await getImport(id));
      else this.list = (await getImports()).imports;
    });
  }

  /** Send an article; its id, "" where it was refused. */
  async add(text: BodyInit, name: string): Promise<string> {
    await this.#guard(async () => this.#show(await addImport(text, name)));
    return this.problem ? "" : (this.page?.proposal.id ?? "");
  }

  step(by: number): void {
    const at = this.items.findIndex((item) => item.id === this.current);
    const next = this.items[Math.min(Math.max(at + by, 0), this.items.length - 1)];
    if (next) this.current = next.id;
  }

  /** Record the item at hand, and first what it needs; then the next open one is at hand. */
  async confirm(): Promise<void> {
    const item = this.item;
    if (!item || this.stateOf(item) !== "open") {
      this.said = item ? `This item is ${this.stateOf(item)}.` : "";
      return;
    }
    await this.#guard(async () => {
      const sentence = await this.#record(this.page?.order[item.id] ?? []);
      if (sentence) throw new Error(sentence);
      this.said = "Recorded.";
      this.#show(await getImport(this.page?.proposal.id ?? ""));
      this.#nextOpen();
    });
  }

  /** Record what the item needs and open its form, to put something right first. */
  async openForm(): Promise<void> {
    const item = this.item;
    if (!item || this.stateOf(item) !== "open") return;
    await this.#guard(async () => {
      const sentence = await this.#record((this.page?.order[item.id] ?? []).slice(0, -1));
      if (sentence) throw new Error(sentence);
      const act = this.page?.acts[item.id];
      if (act) recordDesk.open(act[0], act[1]);
    });
  }

  async reject(): Promise<void> {
    const item = this.item;
    if (!item || this.stateOf(item) === "recorded") return;
    await this.#act({ act: item.state === "open" ? "reject" : "restore", item: item.id });
    if (item.state === "open") this.#nextOpen();
  }

  /** `at`: a character of the block, null where nobody marked one. */
  async split(at: number | null): Promise<void> {
    const item = this.item;
    if (!item) return;
    const own = item.span.start + clauseEnd(String(item.body.verbatim));
    const isInside = at !== null && at > item.span.start && at < item.span.end;
    await this.#act({ act: "split", item: item.id, at: isInside ? at : own });
  }

  async merge(): Promise<void> {
    const at = this.items.findIndex((item) => item.id === this.current);
    const item = this.items[at];
    const other = this.items
      .slice(at + 1)
      .find((o) => o.verb === item?.verb && o.span.block === item.span.block && o.state === "open");
    if (item && other) await this.#act({ act: "merge", item: item.id, other: other.id });
    else this.said = "No other item of this paragraph says the same kind of thing.";
  }

  async link(row: string, other: string): Promise<void> {
    await this.#act({ act: "link", item: row, other });
  }

  async #act(act: ReviewAct): Promise<void> {
    const page = this.page;
    if (!page) return;
    await this.#guard(async () =>
      this.#show(await reviewImport(page.proposal.id, page.proposal.revision, act)),
    );
    if (this.problem.includes("somebody else")) {
      const told = this.problem;
      await this.load(page.proposal.id);
      this.problem = told;
    }
  }

  /** Send the acts of these rows that are not recorded yet; a refusal's sentence, else "". */
  async #record(ids: readonly string[]): Promise<string> {
    for (const id of ids) {
      const act = this.page?.acts[id];
      if (!act || this.page?.recorded.includes(id)) continue;
      const name = `${id} ${JSON.stringify(act)}`;
      const key = this.#keys.get(name) ?? newKey();
      this.#keys.set(name, key);
      const answer = await addRow(act[0], key, act[1]);
      if (!answer.accepted && !answer.sentence.includes("there is already")) return answer.sentence;
    }
    return "";
  }

  #show(page: ImportPage): void {
    this.page = page;
    if (!this.item) this.#nextOpen();
  }

  #nextOpen(): void {
    const at = Math.max(
      0,
      this.items.findIndex((item) => item.id === this.current),
    );
    const order = [...this.items.slice(at), ...this.items.slice(0, at)];
    const next = order.find((item) => this.stateOf(item) === "open") ?? order[0];
    if (this.current && next && next.id !== this.current)
      this.#wentOn = { id: next.id, ms: performance.now() };
    this.current = next?.id ?? "";
  }

  /** Run one thing after the other: a key that is pressed while another runs is not lost. */
  #guard(run: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(() => this.#run(run));
    return this.#last;
  }

  async #run(run: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.said = "";
    try {
      await run();
      this.problem = "";
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = false;
    }
  }
}
