// The text of a draft as a person types it: one sentence a line, its rows in brackets at the end.

import type { Written } from "./nouns.gen";

export function readSentences(text: string): Written[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter(Boolean).map((line) => {
    const [, words, rows] = /^(.*?)\s*\[([^\]]*)\]$/.exec(line) ?? [null, line, ""];
    const rests_on = rows!.split(/[\s,]+/).filter(Boolean);
    return { text: words!, rests_on };
  });
}

export const writeSentences = (sentences: readonly Written[]): string =>
  sentences.map((one) => `${one.text} [${(one.rests_on ?? []).join(", ")}]`).join("\n");
