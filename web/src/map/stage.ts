// All panes that are on the screen, so that one new picture redraws each of them once.

import type { MapPane } from "./pane";

const panes = new Set<MapPane>();
const recent: number[] = [];
const RECENT = 120;

export function enter(pane: MapPane): () => void {
  panes.add(pane);
  return () => panes.delete(pane);
}

export function redrawAll(): void {
  let total = 0;
  for (const pane of panes) {
    total += pane.drawMs;
    pane.redraw();
  }
  recent.push(total);
  if (recent.length > RECENT) recent.shift();
}

export function drawStats(): { panes: number; drawMs: number; labels: number; tracks: number } {
  const sorted = [...recent].sort((a, b) => a - b);
  let labels = 0;
  let tracks = 0;
  for (const pane of panes) {
    labels += pane.drawn.labels;
    tracks += pane.drawn.tracks;
  }
  return { panes: panes.size, drawMs: sorted[sorted.length >> 1] ?? 0, labels, tracks };
}
