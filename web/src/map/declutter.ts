// Where labels go: eight places around a symbol, taken in order of importance on a grid of
// occupied cells. A label keeps its place while that is free, so that it does not jump.

const CELL_PX = 8;
export const SLOTS = 8;
/** How much farther out a label that must be shown may stand, each tried where the last is full. */
const FARTHER = [1, 3, 5, 8, 12] as const;

export class Occupancy {
  readonly columns: number;
  readonly rows: number;
  #taken: Uint8Array;

  constructor(widthPx: number, heightPx: number) {
    this.columns = Math.max(1, Math.ceil(widthPx / CELL_PX));
    this.rows = Math.max(1, Math.ceil(heightPx / CELL_PX));
    this.#taken = new Uint8Array(this.columns * this.rows);
  }

  /** Whether a box lies inside the frame and on free cells only. */
  isFree(x: number, y: number, width: number, height: number): boolean {
    const x0 = Math.floor(x / CELL_PX);
    const y0 = Math.floor(y / CELL_PX);
    const x1 = Math.floor((x + width) / CELL_PX);
    const y1 = Math.floor((y + height) / CELL_PX);
    if (x0 < 0 || y0 < 0 || x1 >= this.columns || y1 >= this.rows) return false;
    for (let row = y0; row <= y1; row += 1) {
      for (let column = x0; column <= x1; column += 1) {
        if (this.#taken[row * this.columns + column]) return false;
      }
    }
    return true;
  }

  take(x: number, y: number, width: number, height: number): void {
    const x0 = Math.max(0, Math.floor(x / CELL_PX));
    const y0 = Math.max(0, Math.floor(y / CELL_PX));
    const x1 = Math.min(this.columns - 1, Math.floor((x + width) / CELL_PX));
    const y1 = Math.min(this.rows - 1, Math.floor((y + height) / CELL_PX));
    for (let row = y0; row <= y1; row += 1) {
      this.#taken.fill(1, row * this.columns + x0, row * this.columns + x1 + 1);
    }
  }
}

/** Top left corner of a label in a slot: 0 right, then clockwise by 45 degrees. */
export function slotCorner(
  slot: number,
  x: number,
  y: number,
  width: number,
  height: number,
  gap: number,
): [number, number] {
  const diagonal = gap * 0.75;
  switch (slot) {
    case 0:
      return [x + gap, y - height / 2];
    case 1:
      return [x + diagonal, y + diagonal];
    case 2:
      return [x - width / 2, y + gap];
    case 3:
      return [x - diagonal - width, y + diagonal];
    case 4:
      return [x - gap - width, y - height / 2];
    case 5:
      return [x - diagonal - width, y - diagonal - height];
    case 6:
      return [x - width / 2, y - gap - height];
    default:
      return [x + diagonal, y - diagonal - height];
  }
}

/** Slots in the order to try: the remembered one, then those away from the heading. */
export function slotOrder(remembered: number | undefined, headingDeg: number): number[] {
  // Behind and beside the way ahead: the speed vector stays free.
  const behind = Math.round(((headingDeg + 180 - 90 + 360) % 360) / 45) % SLOTS;
  const order = [
    behind + 7,
    behind + 1,
    behind,
    behind + 6,
    behind + 2,
    behind + 5,
    behind + 3,
    behind + 4,
  ].map((slot) => slot % SLOTS);
  if (remembered === undefined) return order;
  return [remembered, ...order.filter((slot) => slot !== remembered)];
}

/** The corner of the first free slot, and how far from the symbol that is; takes the cells. What
 * `must` be shown looks farther out where it is crowded, and lies over another as the last resort;
 * null where it need not. */
export function place(
  grid: Occupancy,
  order: readonly number[],
  x: number,
  y: number,
  width: number,
  height: number,
  gap: number,
  must: boolean,
): { slot: number; x: number; y: number; gap: number } | null {
  for (const times of must ? FARTHER : [1]) {
    for (const slot of order) {
      const [left, top] = slotCorner(slot, x, y, width, height, gap * times);
      if (!grid.isFree(left, top, width, height)) continue;
      grid.take(left, top, width, height);
      return { slot, x: left, y: top, gap: gap * times };
    }
  }
  const slot = order[0];
  if (!must || slot === undefined) return null;
  const [left, top] = slotCorner(slot, x, y, width, height, gap);
  grid.take(left, top, width, height);
  return { slot, x: left, y: top, gap };
}
