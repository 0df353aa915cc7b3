/** How many columns give n panes of an area the largest shorter side. */
export function bestColumns(n: number, width: number, height: number): number {
  let best = 1;
  let bestSide = 0;
  for (let columns = 1; columns <= n; columns += 1) {
    const rows = Math.ceil(n / columns);
    // A little in favour of side by side, as on a desk.
    const side = Math.min(width / columns, height / rows) * (1 + columns * 0.01);
    if (side > bestSide) {
      bestSide = side;
      best = columns;
    }
  }
  return best;
}
