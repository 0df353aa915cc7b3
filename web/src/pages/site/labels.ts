// Where names stand on the map of the site page: none over another, none over a mark.

/** What a name belongs to, in pixels from the upper left, y down. must: it is shown in any case. */
export interface Named {
  words: string;
  x: number;
  y: number;
  /** Half of its width and height. */
  dx: number;
  dy: number;
  must: boolean;
}
export interface Placed {
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
}
type Box = readonly [number, number, number, number];

export const LETTER_PX = 12;
const WIDE = 0.6; // of a letter, by its height: wider than most
const GAP_PX = 4;

const meet = (a: Box, b: Box) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

function boxAt(words: string, at: Placed): Box {
  const width = words.length * LETTER_PX * WIDE;
  const left = at.anchor === "start" ? at.x : at.anchor === "end" ? at.x - width : at.x - width / 2;
  return [left, at.y - LETTER_PX, left + width, at.y + 0.3 * LETTER_PX];
}

/** Above, below, to the right, to the left; y is the line on which letters stand. */
function places({ x, y, dx, dy }: Named): Placed[] {
  const middle = y + 0.35 * LETTER_PX;
  return [
    { x, y: y - dy - GAP_PX, anchor: "middle" },
    { x, y: y + dy + GAP_PX + LETTER_PX, anchor: "middle" },
    { x: x + dx + GAP_PX, y: middle, anchor: "start" },
    { x: x - dx - GAP_PX, y: middle, anchor: "end" },
  ];
}

/** The first place of each that is free, in their order; null where there is none. */
export function placeNames(names: readonly Named[], width: number): (Placed | null)[] {
  const taken: Box[] = names
    .filter((one) => !one.must)
    .map(({ x, y, dx, dy }) => [x - dx, y - dy, x + dx, y + dy]);
  return names.map((one) => {
    const may = places(one);
    const isFree = (at: Placed) => {
      const box = boxAt(one.words, at);
      return box[0] >= 0 && box[2] <= width && !taken.some((other) => meet(box, other));
    };
    const at = may.find(isFree) ?? (one.must ? may[0]! : null);
    if (at) taken.push(boxAt(one.words, at));
    return at;
  });
}
