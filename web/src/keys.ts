// Every key of the watch screen: one list, from which the help page and the tooltips are made.

import type { Desk } from "./state/desk.svelte";

export interface Command {
  keys: string[];
  shown: string;
  words: string;
  group: "Alarms" | "Tracks" | "Map" | "Record" | "Screen";
  /** Leads to a page: the menu begins with these. */
  page?: boolean;
  run: (desk: Desk, event: KeyboardEvent) => void;
}

const command = (
  group: Command["group"],
  keys: string[],
  shown: string,
  words: string,
  run: Command["run"],
): Command => ({ group, keys, shown, words, run });

const page = (...of: Parameters<typeof command>): Command => ({ ...command(...of), page: true });

export const COMMANDS: Command[] = [
  command("Alarms", ["j"], "J", "next alarm", (d) => d.stepAlarm(1)),
  command("Alarms", ["k"], "K", "previous alarm", (d) => d.stepAlarm(-1)),
  command("Alarms", ["enter"], "Enter", "acknowledge the alarm", (d) => void d.acknowledge()),
  command(
    "Alarms",
    ["r"],
    "R",
    "release TAKE SHELTER where it is proposed",
    (d) => void d.releaseProposed(),
  ),
  command("Alarms", ["x"], "X", "refuse the proposed release, with a reason", (d) => refuse(d)),
  command("Alarms", ["d"], "D", "record a decision", (d) => decide(d)),
  command("Alarms", [";"], ";", "shelve the alarm for a while, or take it off its shelf", (d) =>
    shelve(d),
  ),
  command("Alarms", ["w"], "W", "warn by hand: then the site's number, then M, C or S", (d) => {
    d.view.dialog = { kind: "raise" };
  }),
  command("Alarms", ["u"], "U", "somebody has seen something: report a sighting", (d) => {
    d.view.dialog = { kind: "sighting" };
  }),
  command("Alarms", [], "Suspend", "suspend or resume operations of a site", (d) => operate(d)),
  command("Alarms", ["escape"], "Esc", "cancel a release (3 s); close; deselect", (d) =>
    stepBack(d),
  ),
  command("Tracks", ["n", "]"], "N or ]", "next track", (d) => d.stepTrack(1)),
  command("Tracks", ["p", "["], "P or [", "previous track", (d) => d.stepTrack(-1)),
  command("Tracks", ["f"], "F", "follow the selected track", (d) => {
    d.view.follow = !d.view.follow;
  }),
  command("Tracks", ["i"], "I", "I know what this is: dispose of the selected track", (d) =>
    dispose(d),
  ),
  command("Tracks", ["/"], "/", "filter list and map", () =>
    document.getElementById("filter")?.focus(),
  ),
  command("Map", ["0", "h"], "0 or H", "all sites", (d) => {
    d.view.focus = "";
    d.view.follow = false;
    window.dispatchEvent(new CustomEvent("tocsin:home"));
  }),
  command("Map", ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "1 to 9", "one site", (d, e) => {
    const site = d.picture.node?.sites[Number(e.key) - 1];
    if (site) d.view.focus = d.view.focus === site.id ? "" : site.id;
  }),
  command("Map", ["+", "="], "+", "closer", () =>
    window.dispatchEvent(new CustomEvent("tocsin:zoom", { detail: 1 })),
  ),
  command("Map", ["-"], "−", "further", () =>
    window.dispatchEvent(new CustomEvent("tocsin:zoom", { detail: -1 })),
  ),
  command(
    "Map",
    ["arrowleft", "arrowright", "arrowup", "arrowdown"],
    "Arrows",
    "move the map",
    (_d, e) => window.dispatchEvent(new CustomEvent("tocsin:pan", { detail: e.key })),
  ),
  command("Map", ["l"], "L", "labels", (d) => d.view.toggle("labels")),
  command("Map", ["t"], "T", "trails", (d) => d.view.toggle("trails")),
  command("Map", ["v"], "V", "speed vector: 30, 60, 120 s, none", (d) => d.view.nextVector()),
  command("Map", ["c"], "C", "ranges of the sensors", (d) => d.view.toggle("coverage")),
  command("Map", ["g"], "G", "rings of time to arrival", (d) => d.view.toggle("rings")),
  command("Map", ["o"], "O", "overview map", (d) => d.view.toggle("overview")),
  command("Map", ["m"], "M", "measure a way", (d) => {
    d.view.measuring = !d.view.measuring;
  }),
  page("Record", ["e"], "E", "incidents of the record, and back to the watch", (d) =>
    d.view.go(d.view.page === "watch" ? "incidents" : "watch"),
  ),
  command("Record", ["a"], "A", "add to the record (on the page of an incident)", (d) =>
    tellPage(d, "add"),
  ),
  command("Record", ["y"], "Y", "timeline by when it happened, or when it became known", (d) =>
    tellPage(d, "order"),
  ),
  command("Record", ["q"], "Q", "ask the record", (d) => tellPage(d, "ask")),
  command(
    "Screen",
    ["s"],
    "S",
    "arm the sound; only its button turns it off",
    (d) => void d.sound.arm(),
  ),
  page("Screen", ["z"], "Z", "look back: the watch as it was, and back to now", (d) =>
    d.view.go(d.view.page === "replay" ? "watch" : "replay"),
  ),
  command("Screen", [" "], "Space", "look back: play or pause", (d) => tellReplay(d, "toggle")),
  command("Screen", [","], ",", "look back: the event before", (d) => tellReplay(d, "back")),
  command("Screen", ["."], ".", "look back: the next event", (d) => tellReplay(d, "on")),
  command("Screen", ["ctrl-k"], "Ctrl-K", "any command by its words", (d) => {
    d.view.dialog = d.view.dialog?.kind === "palette" ? null : { kind: "palette" };
  }),
  page("Screen", [], "Sensors", "page of the sensors: heard when, how much, what is wrong", (d) =>
    d.view.go("sensors"),
  ),
  page("Screen", [], "Alarms", "page of alarm performance, and the shift report", (d) =>
    d.view.go("performance"),
  ),
  page("Screen", [], "Shift", "begin or hand over the shift, notes, your PIN", (d) =>
    d.view.go("shift"),
  ),
  page("Screen", [], "Site", "site and zones: draw zones, volumes, sensors", (d) =>
    d.view.go("site"),
  ),
  page("Screen", [], "Settings", "settings of this seat: units, clock, theme, sound check", (d) =>
    d.view.go("settings"),
  ),
  page("Screen", [], "Accounts", "accounts, roles, sessions and tokens", (d) =>
    d.view.go("accounts"),
  ),
  command("Screen", ["b"], "B", "theme: night, day, high contrast", (d) => d.view.nextTheme()),
  page("Screen", ["?"], "?", "keys and signs: this help", (d) => {
    d.view.dialog = d.view.dialog?.kind === "help" ? null : { kind: "help" };
  }),
];

function tellReplay(desk: Desk, what: "toggle" | "back" | "on"): void {
  if (desk.view.page === "replay")
    window.dispatchEvent(new CustomEvent("tocsin:replay", { detail: what }));
}

/** What only the record's pages do; they are loaded when they are shown, and listen. */
function tellPage(desk: Desk, what: "add" | "order" | "ask"): void {
  if (desk.view.page === "watch" || desk.view.page === "replay") {
    desk.tell({ text: "That is on the page of an incident; press E for the list.", tone: "ok" });
  } else window.dispatchEvent(new CustomEvent("tocsin:record", { detail: what }));
}

/** Of the current alarm's site; else of the one that fills the map, or of the first. */
function operate(desk: Desk): void {
  const site = desk.current?.site_id ?? (desk.view.focus || desk.picture.siteIds[0]);
  if (!site) return;
  const now = desk.picture.operations.find((one) => one.site_id === site);
  desk.view.dialog = { kind: now?.suspended ? "resume" : "suspend", site };
}

function decide(desk: Desk): void {
  const alarm = desk.current;
  if (alarm) desk.view.dialog = { kind: "decide", alarm: alarm.id };
  else desk.tell({ text: "There is no alarm to decide about.", tone: "ok" });
}

export function shelve(desk: Desk): void {
  const alarm = desk.current;
  if (!alarm) desk.tell({ text: "There is no alarm to shelve.", tone: "ok" });
  else if (alarm.shelved_by) void desk.unshelve(alarm.id);
  else if (alarm.step === "TAKE SHELTER")
    desk.tell({ text: "TAKE SHELTER is never shelved.", tone: "bad" });
  else desk.view.dialog = { kind: "shelve", alarm: alarm.id };
}

function refuse(desk: Desk): void {
  const zones = desk.releasable();
  if (zones.length === 0) {
    desk.tell({ text: "Nothing is proposed that could be refused.", tone: "ok" });
    return;
  }
  desk.view.dialog = {
    kind: "refuse",
    site: zones[0]!.site_id,
    zones: zones.map((z) => z.zone_id),
  };
}

export function dispose(desk: Desk): void {
  const row = desk.picture.rows.find((r) => r.wire === desk.view.selected);
  const meta = desk.picture.meta.get(desk.view.selected);
  if (!row || !meta?.track_id) {
    desk.tell({ text: "Select a measured track first.", tone: "ok" });
    return;
  }
  desk.view.dialog = { kind: "dispose", track: meta.track_id, name: row.name };
}

function stepBack(desk: Desk): void {
  if (desk.released) void desk.cancelRelease();
  else if (desk.view.dialog) desk.view.dialog = null;
  else if (desk.view.page !== "watch")
    window.dispatchEvent(new CustomEvent("tocsin:record", { detail: "close" }));
  else if (desk.view.measuring) desk.view.measuring = false;
  else {
    desk.armedZone = "";
    desk.view.selected = 0;
  }
}

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);
/** What a key does as often as it repeats while it is held: it steps or moves, and no more. */
const REPEATS = new Set([
  "arrowleft",
  "arrowright",
  "arrowup",
  "arrowdown",
  "j",
  "k",
  "n",
  "p",
  "[",
  "]",
]);
/** A key that bounces, or the rest of a word, is of the dialog that has just closed, and Enter of
 * the alarm before. */
export const QUIET_MS = 600;

/** A button that a mouse has pressed gives the focus back: Enter means acknowledge then. Called
 * before the button acts. One that waits for a second press (`data-twice`) keeps it.
 */
export function onClick(desk: Desk, event: MouseEvent): void {
  const button = (event.target as Element | null)?.closest("button");
  if (button?.dataset.act !== "raise") desk.armedZone = "";
  if (event.detail > 0 && button && !button.closest("dialog, [data-twice]")) button.blur();
}

/** Run the command of a key. Keys belong to the field that has the focus while one types. */
export function onKey(desk: Desk, event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (event.repeat) return;
    COMMANDS.find((c) => c.keys.includes("ctrl-k"))?.run(desk, event);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target as HTMLElement | null;
  const key = event.key.toLowerCase();
  if (event.repeat && !REPEATS.has(key)) {
    // The browser would press a button again and again.
    if (key === "enter" && target?.closest("button, a, summary")) event.preventDefault();
    return;
  }
  // Who is asked for a PIN can drop the act, and can warn.
  const isAsked = Boolean(desk.identify.words) && desk.view.dialog?.kind !== "raise";
  if (key === "escape" && isAsked && !desk.released) {
    event.preventDefault();
    desk.identify.giveUp();
    return;
  }
  if (key === "escape" && target && TYPING.has(target.tagName) && !desk.released) {
    target.blur();
    if (desk.view.dialog) desk.view.dialog = null;
    return;
  }
  if (target && TYPING.has(target.tagName) && !(key === "escape" && desk.released)) return;
  const single = key.length === 1 && key !== "?";
  // W alone is never ignored: nothing may stand in the way of a warning.
  const isLate = performance.now() - desk.closedMs < QUIET_MS && !desk.view.dialog && !isAsked;
  if (isLate && (key === "enter" || (single && key !== "w"))) {
    event.preventDefault();
    return;
  }
  if (key === "enter" && target?.closest("button, a, summary")) return;
  // The next alarm is to be read first.
  if (key === "enter" && performance.now() - desk.acknowledgedMs < QUIET_MS) return;
  // In a dialog only Esc is ours: its own keys rule there (a release can always be cancelled);
  // and W: nothing may stand in the way of a warning.
  if (desk.view.dialog && !["escape", "?", "w"].includes(key)) return;
  if (isAsked && !["escape", "w"].includes(key)) return;
  if (single && !desk.view.singleKeys) return;
  const found = COMMANDS.find((c) => c.keys.includes(key));
  if (!found) return;
  // Keys of map and tracks belong to the watch page: elsewhere they scroll and do nothing.
  const isOfMap = found.group === "Map" || found.group === "Tracks";
  const theirs = desk.view.page === "watch" ? desk : desk.past;
  if (isOfMap && !theirs) return;
  if (key === " " && (desk.view.page !== "replay" || target?.closest("button, a, summary"))) return;
  event.preventDefault();
  found.run(isOfMap && theirs ? theirs : desk, event);
}

export function keyFor(words: string): string {
  return COMMANDS.find((c) => c.words.startsWith(words))?.shown ?? "";
}
