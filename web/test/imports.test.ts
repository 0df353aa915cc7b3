import { expect, test } from "vitest";
import { clauseEnd, piecesOf } from "../src/record/imports";

const span = (start: number, end: number) => ({ document: "d", block: 0, start, end });

test("a text is parted at its spans and keeps every character", () => {
  const text = "🛩 came. Two were hit.";
  const pieces = piecesOf(text, [span(0, 7), span(8, 21)], span(8, 21));
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  expect(pieces.map((piece) => piece.on)).toEqual(["other", "", "current"]);
  expect(pieces[2]!.text).toBe("Two were hit.");
});

test("a text without items is one piece", () => {
  expect(piecesOf("words", [], null)).toEqual([{ text: "words", on: "" }]);
});

test("words are taken apart after the first clause, else at a blank near the middle", () => {
  const words = "It had carried out both, and promised more of it";
  expect(words.slice(clauseEnd(words))).toBe(" and promised more of it");
  expect("one two three four".slice(clauseEnd("one two three four")).trim()).toBe("four");
});
