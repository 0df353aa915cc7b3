import { afterEach, describe, expect, it, vi } from "vitest";
import type { Account } from "../src/record/api";
import { CorrectionForm, OpenForm, RecordDesk } from "../src/record/desk.svelte";
import {
  blocksOf,
  bodyOf,
  changesOf,
  type Draft,
  openDraft,
  type StepDraft,
  spanOf,
  textOf,
} from "../src/record/draft";
import { bareValue, storyOf, toldOf } from "../src/record/people";
import { fieldOfSentence, SPECS } from "../src/record/specs";
import { timeWords, unixOf } from "../src/record/times";
import { citing, valueWords } from "../src/record/words";
import { View } from "../src/state/view.svelte";

const said = SPECS.assert!;
const claim = SPECS.claim!;
const step = (source: string, more: Partial<StepDraft> = {}): StepDraft => ({
  source,
  verb: "said",
  explicit: true,
  note: "",
  ...more,
});

function statement(over: Draft = {}): Draft {
  const draft = openDraft(said, { about: ["INC-1"] });
  return Object.assign(draft, {
    quantity: "drones",
    value: "2",
    verbatim: "two drones",
    chain: [step("official"), step("agency")],
    ...over,
  });
}

describe("a form and the noun that it comes to", () => {
  it("keeps the order of a chain and leaves out what was not given", () => {
    const { body, faults } = bodyOf(said, statement());
    expect(faults).toEqual({});
    expect(body).toEqual({
      about: ["INC-1"],
      quantity: "drones",
      state: "stated",
      value: 2,
      bound: "exactly",
      scope: "each",
      verbatim: "two drones",
      chain: [
        { source: "official", verb: "said" },
        { source: "agency", verb: "said" },
      ],
      modality: "asserted",
      quote: "paraphrased",
    });
  });

  it("never makes a value of silence", () => {
    const { body } = bodyOf(said, statement({ state: "none reported", value: "0" }));
    expect(body.state).toBe("none reported");
    expect("value" in body).toBe(false);
    expect("bound" in body).toBe(false);
  });

  it("keeps a word a word and a number a number", () => {
    expect(bodyOf(said, statement({ value: "minor" })).body.value).toBe("minor");
    expect(bodyOf(said, statement({ value: "-2.5" })).body.value).toBe(-2.5);
    expect(bodyOf(said, statement({ value: "2 or 3" })).body.value).toBe("2 or 3");
  });

  it("says beside the field what is missing", () => {
    const { faults } = bodyOf(claim, openDraft(claim));
    expect(Object.keys(faults).sort()).toEqual(["chain", "claimant", "incidents", "verbatim"]);
  });

  it("takes no time without what it rests on, and none that runs backwards", () => {
    const time = { verbatim: "", from: "2026-08-05T18:00", to: "", by: "", why: "" };
    expect(bodyOf(said, statement({ said: time })).faults.said).toMatch(/rests on/);
    const back = { ...time, to: "2026-08-05T17:00", by: "the article" };
    expect(bodyOf(said, statement({ said: back })).faults.said).toMatch(/after the latest/);
    const good = { ...time, by: "the article" };
    expect(bodyOf(said, statement({ said: good })).body.said).toEqual({
      earliest_s: 1_785_952_800,
      latest_s: 1_785_952_800,
      resolved_by: "the article",
    });
  });

  it("marks a source that only its place in the text gives away", () => {
    const chain = [step("agency", { explicit: false, note: "by position only" })];
    expect(bodyOf(said, statement({ chain })).body.chain).toEqual([
      { source: "agency", verb: "said", explicit: false, note: "by position only" },
    ]);
  });
});

describe("a correction", () => {
  it("changes only the fields that were put right, and empties what has no value any more", () => {
    const before = statement();
    const after = statement({ state: "not stated" });
    expect(changesOf(said, before, after)).toEqual({
      state: "not stated",
      value: null,
    });
    expect(changesOf(said, before, statement())).toEqual({});
  });

  it("opens with the row as it stands", () => {
    const noun = { ...bodyOf(said, statement()).body, id: "a" } as never;
    const row = { id: "a", kind: "assertion", noun, history: [] } as never;
    const form = new CorrectionForm(row, said);
    expect(changesOf(said, form.before, form.draft)).toEqual({});
    form.draft.value = "3";
    expect(changesOf(said, form.before, form.draft)).toEqual({ value: 3 });
  });
});

describe("a form that was closed half-written", () => {
  it("comes back with its words, and can be begun anew", () => {
    const record = new RecordDesk();
    record.loadRows = async () => {};
    record.open("add_actor");
    record.close();
    record.open("add_actor");
    expect(record.form!.sentence).toBe("");
    record.form!.draft.name = "Group X";
    record.close();
    expect(record.form).toBeUndefined();
    record.open("claim");
    record.close();
    record.open("add_actor");
    expect(record.form!.draft.name).toBe("Group X");
    record.startAnew();
    expect(record.form!.draft.name).toBe("");
  });
});

const deskOf = (incident: string): RecordDesk => {
  const record = new RecordDesk();
  record.loadRows = async () => {};
  show(record, incident);
  return record;
};
const show = (record: RecordDesk, incident: string): void => {
  record.account = { summary: { id: incident } } as never;
};
const row = (entry: number, value = 2) =>
  ({
    id: "AST-1",
    kind: "assertion",
    entry,
    noun: { ...bodyOf(said, statement()).body, value },
  }) as never;

describe("a form that another one takes the place of", () => {
  it("is kept: a statement, and the source that it waits for", () => {
    const record = deskOf("INC-1");
    record.open("assert");
    record.form!.draft.verbatim = "three sentences";
    record.openAnew("add_source", "chain", 0);
    record.form!.draft.name = "The Paper";
    record.open("add_actor");
    expect(record.forms.map((form) => form.spec.verb)).toEqual(["add_actor"]);
    record.open("assert");
    expect(record.forms.map((form) => form.spec.verb)).toEqual(["assert", "add_source"]);
    expect(record.form!.draft.name).toBe("The Paper");
    expect(record.form!.sentence).toBe("What you had written is back.");
    record.close();
    record.openAnew("add_source", "chain", 0);
    expect(record.form!.draft.name).toBe("The Paper");
  });

  it("is kept beside one that begins with what is known already", () => {
    const record = deskOf("INC-1");
    record.open("assert");
    record.form!.draft.verbatim = "three sentences";
    record.open("assert", { quantity: "injuries" });
    expect([record.form!.draft.verbatim, record.form!.draft.quantity]).toEqual(["", "injuries"]);
    record.close();
    record.open("assert");
    expect(record.form!.draft.verbatim).toBe("three sentences");
  });

  it("is of its own incident: the next one's begins with that", () => {
    const record = deskOf("INC-1");
    record.open("assert");
    record.form!.draft.verbatim = "about the first";
    record.close();
    show(record, "INC-2");
    record.open("assert");
    expect([record.form!.draft.about, record.form!.draft.verbatim]).toEqual([["INC-2"], ""]);
    record.form!.draft.verbatim = "about the second";
    show(record, "INC-1");
    record.open("assert");
    expect([record.form!.draft.about, record.form!.draft.verbatim]).toEqual([
      ["INC-1"],
      "about the first",
    ]);
  });

  it("is kept where it is a correction, each of its own row", () => {
    const record = deskOf("INC-1");
    record.openCorrection(row(3));
    (record.form as CorrectionForm).wrong = "It said two";
    record.openCorrection({ ...(row(4) as object), id: "AST-2" } as never);
    expect((record.form as CorrectionForm).wrong).toBe("");
    record.close();
    record.openCorrection(row(3));
    expect((record.form as CorrectionForm).wrong).toBe("It said two");
  });

  it("has its words and no old fields where somebody has changed the row since", () => {
    const record = deskOf("INC-1");
    record.openCorrection(row(3));
    const form = record.form as CorrectionForm;
    form.wrong = "It said two";
    form.draft.value = "9";
    record.close();
    record.openCorrection(row(8, 5));
    const now = record.form as CorrectionForm;
    expect([now.wrong, now.draft.value, now.row.entry]).toEqual(["It said two", "5", 8]);
    expect(now.sentence).toContain("Somebody has changed this row since");
  });

  it("does not come back once it was recorded", async () => {
    let answer: (reply: object) => void = () => {};
    vi.stubGlobal(
      "fetch",
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const record = new RecordDesk();
    record.loadRows = async () => {};
    record.reload = async () => {};
    record.open("add_actor");
    Object.assign(record.form!.draft, { name: "Group X", kind: "group" });
    const sent = record.submit();
    await vi.waitFor(() => expect(record.form!.sending).toBe(true));
    await Promise.resolve();
    record.open("claim");
    await vi.waitFor(() =>
      answer({ ok: true, status: 200, json: async () => ({ accepted: true, id: "ACT-1" }) }),
    );
    expect((await sent)?.accepted).toBe(true);
    record.open("add_actor");
    expect(record.form!.draft.name).toBe("");
  });
});

describe("a problem of the page", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("stands though other rows were loaded since", async () => {
    vi.stubGlobal("fetch", async (path: string) => ({
      ok: !path.includes("/incidents/"),
      status: 500,
      json: async () =>
        path.includes("/incidents/") ? { error: "the disk is full" } : { rows: [] },
    }));
    const record = new RecordDesk();
    await record.loadIncident("INC-1", null);
    expect([record.problem, record.loading]).toEqual(["the disk is full", false]);
    await record.loadRows();
    expect(record.problem).toBe("the disk is full");
  });
});

describe("the idempotency key of a form", () => {
  it("stays with the same words and is new for others", () => {
    const form = new OpenForm(said);
    const first = form.keyFor("a");
    expect(form.keyFor("a")).toBe(first);
    expect(form.keyFor("b")).not.toBe(first);
  });
});

describe("the words of a document", () => {
  const blocks = [
    { kind: "paragraph", text: "One 🛩 flew. It fell." },
    { kind: "related", text: "It fell." },
  ];

  it("are found in its text alone, counted in characters of Unicode", () => {
    expect(spanOf("d", blocks, "It fell.")).toEqual({
      document: "d",
      block: 0,
      start: 12,
      end: 20,
    });
  });

  it("are not marked where they stand twice or nowhere", () => {
    const twice = [...blocks, { kind: "paragraph", text: "It fell. It fell." }];
    expect(spanOf("d", twice, "It fell.")).toBeNull();
    expect(spanOf("d", blocks, "it fell")).toBeNull();
    expect(spanOf("d", blocks, "")).toBeNull();
  });

  it("are parted at empty lines and keep what was said of a block", () => {
    const parts = blocksOf("One\r\n\r\n\r\nTwo\nlines\n \nThree");
    expect(parts.map((b) => b.text)).toEqual(["One", "Two\nlines", "Three"]);
    parts[2]!.kind = "share";
    expect(blocksOf(`${textOf(parts)}\n\nFour`, parts).map((b) => b.kind)).toEqual([
      "paragraph",
      "paragraph",
      "share",
      "paragraph",
    ]);
  });
});

describe("a sentence of the service", () => {
  it.each([
    ["the words themselves are missing; give `verbatim` as it was said or written", "verbatim"],
    ["the source 'x' is not in the register; record the source first", "chain"],
    ["the state is 'stated' and there is no value; give it, or say 'not stated'", "state"],
    ["the words say that nothing was reported, which is no zero", "verbatim"],
    ["the time it was said cannot be: 1 is before 1900; give Unix seconds (UTC)", "said"],
    ["too much waits to be taken; send it again in a second", ""],
  ])("%s stands beside %s", (sentence, field) => {
    expect(fieldOfSentence(said, sentence)).toBe(field);
  });
});

const told = (quantity: string, over: Record<string, unknown> = {}) =>
  ({ noun: { quantity, state: "stated", value: 3, bound: "exactly", ...over } }) as never;

describe("people, zone by zone", () => {
  const zones = [
    { id: "flight-line", name: "Flight line", outline: [], times: [], unwatched: [] },
    { id: "living-area", name: "Living area", outline: [], times: [], unwatched: [] },
  ];
  const account = (...assertions: never[]) => ({ zones, assertions }) as unknown as Account;

  it("are told where the quantity names the zone, else for the whole site", () => {
    const here = account(
      told("missing in Flight line"),
      told("missing in living-area", { value: 0 }),
      told("missing", { state: "unknown", value: null }),
      told("injuries", { state: "none reported", value: null }),
      told("missing in another place"),
    );
    expect(toldOf(here, "missing", zones[0]!).map(bareValue)).toEqual(["3"]);
    expect(toldOf(here, "missing", zones[1]!).map(bareValue)).toEqual(["0"]);
    expect(toldOf(here, "missing", null).map(bareValue)).toEqual(["unknown", "3"]);
    expect(toldOf(here, "hurt", null).map(bareValue)).toEqual(["none reported"]);
    expect(toldOf(here, "hurt", zones[0]!)).toEqual([]);
  });

  it("tells the highest step of a zone and who released it", () => {
    const time = (what: string, step: string, at_s: number, by = "") =>
      ({ what, step, at_s, by, text: "", entry: at_s }) as never;
    const times = [
      time("step", "CAUTION", 1),
      time("released", "TAKE SHELTER", 2, "watch"),
      time("cleared", "ALL CLEAR", 9, "commander"),
    ];
    expect(storyOf({ ...zones[0]!, times })).toEqual({
      highest: "TAKE SHELTER",
      released: { at_s: 2, by: "watch" },
      cleared: { at_s: 9, by: "commander" },
    });
  });
});

describe("words", () => {
  it("follow a chain from the page that was read back to the event, and mark who is unnamed", () => {
    const row = (id: string, noun: object) => ({ id, kind: "source", noun, history: [] });
    const sources = {
      o: row("o", { descriptor: "an official", identity: "unnamed" }),
      p: row("p", { name: "The Paper", identity: "named" }),
    };
    const chain = [{ source: "o" }, { source: "p", explicit: false }];
    expect(citing({ sources } as unknown as Account, chain)).toEqual([
      { id: "p", label: "The Paper", mark: "not named in the text" },
      { id: "o", label: "an official", mark: "unnamed" },
    ]);
  });

  it("say that there is nothing, and never make a zero of it", () => {
    expect(valueWords(null)).toBe("nothing");
    expect(valueWords([])).toBe("nothing");
    expect(valueWords(0)).toBe("0");
    expect(valueWords({ verbatim: "Wednesday", earliest_s: null })).toBe("verbatim: Wednesday");
  });

  it("keep a time as it was said beside what it was resolved to", () => {
    const at = unixOf("2026-08-05T18:00")!;
    expect(timeWords({ verbatim: "at six", earliest_s: at, latest_s: at })).toBe(
      "2026-08-05 18:00:00Z, said as “at six”",
    );
    expect(timeWords({ verbatim: "Wednesday", why_unresolved: "no date" })).toBe(
      "“Wednesday”, not resolved: no date",
    );
    expect(timeWords(undefined)).toBe("time not stated");
    expect(unixOf("yesterday")).toBeNull();
  });
});

describe("the address of the record's pages", () => {
  it("leads to an incident and back, and keeps what was chosen on the map", () => {
    const view = new View();
    view.fromHash("#/watch?site=al-asad&v=120");
    view.fromHash("#/incident/INC-2026-0001?theme=day");
    expect([view.page, view.incident, view.theme, view.focus]).toEqual([
      "incident",
      "INC-2026-0001",
      "day",
      "al-asad",
    ]);
    expect(view.toHash()).toBe("#/incident/INC-2026-0001?theme=day");
    expect(view.hashOf("watch")).toBe("#/watch?site=al-asad&v=120&theme=day");
    view.fromHash("#/incident/");
    expect(view.page).toBe("incidents");
    view.fromHash("#/incident/%E0%A4%A");
    expect(view.incident).toBe("%E0%A4%A");
    view.fromHash("");
    expect(view.page).toBe("watch");
    for (const far of ["1e30", "-1e30", "8.7e12"]) {
      view.fromHash(`#/replay?at=${far}`);
      expect(view.at).toBeNaN();
      view.fromHash(`#/incident/INC-1?known=${far}`);
      expect(view.known).toBeNull();
    }
  });
});
