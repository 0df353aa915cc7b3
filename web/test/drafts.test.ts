import { expect, test } from "vitest";
import { readSentences, writeSentences } from "../src/record/drafts";

test("a draft is one sentence a line with its rows, and is written as it was read", () => {
  const text = "Two came. [two-drones, ap]\nIt was [sic] foiled. [foiled]";
  const read = readSentences(`${text}\n\n  `);
  expect(read).toEqual([
    { text: "Two came.", rests_on: ["two-drones", "ap"] },
    { text: "It was [sic] foiled.", rests_on: ["foiled"] },
  ]);
  expect(writeSentences(read)).toBe(text);
});

test("a line without brackets rests on nothing, and says so to the service", () => {
  expect(readSentences("It was a bad day.")).toEqual([{ text: "It was a bad day.", rests_on: [] }]);
});
