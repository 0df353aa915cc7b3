import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Verb } from "../src/record/nouns.gen";
import { SPECS } from "../src/record/specs";

// The nouns as the service has them: the generated file is their list at run time.
const text = readFileSync(new URL("../src/record/nouns.gen.ts", import.meta.url), "utf8");
const fieldsOf = (noun: string): string[] => {
  const body = new RegExp(`export interface ${noun} \\{\\n([^}]*)\\}`).exec(text)![1]!;
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((m) => m[1]!);
};
const verbs = [...text.matchAll(/^ {2}"(\w+)": (\w+);$/gm)].map((m) => [m[1]!, m[2]!] as const);

// Given by the register, found by the page, or recorded by the watch.
const NOT_ASKED = ["id", "span", "alarm", "zones", "tracks"];
// These have forms of their own: "Correct" beside a row, and "Letting it out".
const OWN_FORMS = ["correct", "approve", "publish"];

describe("the forms of the record", () => {
  it("ask for every field of every noun", () => {
    expect(verbs.length).toBeGreaterThan(12);
    for (const [verb, noun] of verbs) {
      if (OWN_FORMS.includes(verb)) continue;
      const asked = SPECS[verb as Verb]!.fields.map((field) => field.name);
      const missing = fieldsOf(noun).filter((f) => !asked.includes(f) && !NOT_ASKED.includes(f));
      expect([verb, missing]).toEqual([verb, []]);
      expect([verb, asked.filter((f) => !fieldsOf(noun).includes(f))]).toEqual([verb, []]);
    }
  });
});
