// What the service has said, as state. Lists of people's size (zones, alarms, sensors) are
// reactive and replaced whole; tracks are not (tracks.ts). Nothing here draws or sends.

import type { Summary } from "../record/api";
import type {
  Advice,
  Alarm,
  AlertEvent,
  ConflictFrame,
  Handover,
  Message,
  NodeInfo,
  Notice,
  Operations,
  SensorStatus,
  ShiftRule,
  Sighting,
  SiteInfo,
  Threat,
  TrackFrame,
  TrackId,
  TrackMeta,
  VolumeStatus,
  ZoneStatus,
} from "../wire";
import { CLASSES, LABELS, STEPS } from "../wire.gen";
import { type Freshness, freshness, ServerClock } from "./clock";
import { isFlood, raisedLately } from "./flood";
import { matches, rowOf, sortRows, type TrackRow } from "./rows";
import { TrackStore } from "./tracks";

export const EVENTS_KEPT = 200;

export type Connection = "connecting" | "open" | "closed" | "signed out";

export class Picture {
  readonly tracks = new TrackStore();
  readonly clock = new ServerClock();
  /** Why a drill has ended, "" while it goes on: it stays until the page is loaded anew. */
  realWorld = $state("");
  readonly meta = new Map<number, TrackMeta>();
  readonly problems = new Map<string, number>();
  /** By track: the threat that arrives first. */
  readonly firstThreat = new Map<TrackId, Threat>();

  node = $state.raw<NodeInfo | null>(null);
  labels = $state.raw<readonly string[]>(LABELS);
  ladder = $state.raw<readonly string[]>(STEPS);
  classes = $state.raw<readonly string[]>(CLASSES);
  zones = $state.raw<ZoneStatus[]>([]);
  alarms = $state.raw<Alarm[]>([]);
  threats = $state.raw<Threat[]>([]);
  sensors = $state.raw<SensorStatus[]>([]);
  events = $state.raw<AlertEvent[]>([]);
  /** The newest incidents of the record. */
  incidents = $state.raw<Summary[]>([]);
  advice = $state.raw<Advice[]>([]);
  notices = $state.raw<Notice[]>([]);
  sightings = $state.raw<Sighting[]>([]);
  /** Notes of one shift to the next, oldest first. */
  handovers = $state.raw<Handover[]>([]);
  volumes = $state.raw<VolumeStatus[]>([]);
  conflicts = $state.raw<ConflictFrame[]>([]);
  operations = $state.raw<Operations[]>([]);
  /** Standing rules that are offered, as they stand. */
  rules = $state.raw<ShiftRule[]>([]);
  rows = $state.raw<TrackRow[]>([]);
  mode = $state("live");
  note = $state("");
  behindS = $state(0);
  connection = $state<Connection>("connecting");
  /** Unix seconds of the service, four times a second. */
  nowS = $state(Number.NaN);
  ageS = $state(0);
  fresh = $state<Freshness>("waiting");
  /** Alarms raised in the last ten minutes, and whether they are a flood. */
  raisedLately = $state(0);
  floods = $state(false);

  lastSeq = -1;
  #wires = new Map<TrackId, number>();
  #lastFrameMs: number;
  /** When the last picture came, by the steady clock of this machine. */
  #picturedMs: number;
  #closedMs: number | null;

  constructor(wallMs: number) {
    this.#lastFrameMs = wallMs;
    this.#picturedMs = wallMs;
    this.#closedMs = wallMs;
  }

  /** Whether nothing was heard from the service yet: then nothing can be said of alarms or tracks. */
  get isEmpty(): boolean {
    return !this.node;
  }

  get siteIds(): string[] {
    return this.node?.sites.map((site) => site.id) ?? [];
  }

  site(id: string): SiteInfo | undefined {
    return this.node?.sites.find((site) => site.id === id);
  }

  zoneName(siteId: string, zoneId: string): string {
    return this.site(siteId)?.zones.find((zone) => zone.id === zoneId)?.name ?? zoneId;
  }

  /** "North field: Ramp, Barracks". Zones of two sites may bear the same name. */
  placeName(siteId: string, zoneIds: readonly string[]): string {
    const zones = zoneIds.map((id) => this.zoneName(siteId, id)).join(", ");
    return `${this.site(siteId)?.name ?? siteId}: ${zones}`;
  }

  /** The incident that an alarm became, or undefined. */
  incidentOf(alarm: string): Summary | undefined {
    return this.incidents.find((incident) => incident.alarm === alarm && !incident.withdrawn);
  }

  /** Lines of the playbook that fit an alarm, in the order of the site file. */
  adviceOf(alarm: string): Advice[] {
    return this.advice.filter((line) => line.alarm_id === alarm);
  }

  /** What a site is told of the others and nobody there has seen, and what still stands. */
  noticesTo(siteId: string): Notice[] {
    return this.notices.filter((n) => n.site_id === siteId && (n.closed_s === null || !n.seen_by));
  }

  /** Notes that nobody has read yet, oldest first. */
  get waitingNotes(): Handover[] {
    return this.handovers.filter((note) => note.read_s === null);
  }

  wireOf(id: TrackId): number {
    return this.#wires.get(id) ?? 0;
  }

  opened(): void {
    this.connection = "open";
    this.#closedMs = null;
    this.lastSeq = -1;
    this.clock.forget();
  }

  closed(wallMs: number): void {
    if (this.connection !== "signed out") this.connection = "closed";
    this.#closedMs ??= wallMs;
  }

  problem(sentence: string): void {
    this.problems.set(sentence, (this.problems.get(sentence) ?? 0) + 1);
  }

  take(message: Message, wallMs: number): void {
    this.#lastFrameMs = wallMs;
    this.lastSeq = message.seq;
    switch (message.type) {
      case "hello":
        this.#hello(message);
        break;
      case "real":
        this.realWorld = message.words;
        break;
      case "clock":
        // A look back stands, jumps and falls behind by itself: its clock is what it says.
        if (message.mode === "replay") this.clock.set(message.now_s, message.rate, wallMs);
        else this.clock.follow(message.now_s, message.rate, wallMs);
        this.mode = message.mode;
        this.note = message.note;
        this.behindS = 0;
        break;
      case "zones":
        this.zones = merge(this.zones, message.zones, (z) => `${z.site_id}/${z.zone_id}`);
        break;
      case "alarms":
        this.alarms = merge(this.alarms, message.alarms, (a) => a.id).filter(
          (a) => !this.#isOld(a),
        );
        break;
      case "threats":
        this.#threats(message.threats);
        break;
      case "sensors":
        this.sensors = merge(this.sensors, message.sensors, (s) => s.sensor_id);
        break;
      case "advice":
        this.advice = message.options;
        break;
      case "notices":
        this.notices = message.notices;
        break;
      case "sightings":
        this.sightings = message.sightings;
        break;
      case "handovers":
        this.handovers = message.handovers;
        break;
      case "operations":
        this.volumes = message.volumes;
        this.conflicts = message.conflicts;
        this.operations = message.operations;
        break;
      case "rules":
        this.rules = message.rules;
        break;
      case "track_meta":
        for (const meta of message.tracks) {
          this.meta.set(meta.wire, meta);
          if (meta.track_id) this.#wires.set(meta.track_id, meta.wire);
        }
        break;
      case "drop":
        this.#drop(message.wire);
        break;
      case "event":
        this.events = [message.event, ...this.events].slice(0, EVENTS_KEPT);
        break;
      case "events":
        this.events = [...message.events].reverse().slice(0, EVENTS_KEPT);
        break;
      case "incidents":
        this.incidents = message.incidents;
        break;
      case "lag":
        this.behindS = message.behind_s;
        break;
      case "problem":
        this.problem(message.sentence);
        break;
      case "playback":
        break; // of the bar of a look back, not of a picture
    }
  }

  takeFrame(frame: TrackFrame, wallMs: number): void {
    this.#lastFrameMs = wallMs;
    this.#picturedMs = wallMs;
    this.lastSeq = frame.seq;
    this.tracks.apply(frame);
  }

  /** Four times a second: the clocks and the ages. */
  tick(wallMs: number): void {
    this.nowS = this.clock.now(wallMs);
    const has = Number.isFinite(this.tracks.pictureS);
    const silentS = (wallMs - this.#lastFrameMs) / 1000;
    const closedS = this.#closedMs === null ? 0 : (wallMs - this.#closedMs) / 1000;
    // Whatever the clock of the service says, a picture is as old as the wait for the next one.
    const waitS = this.clock.rate > 0 ? (wallMs - this.#picturedMs) / 1000 : 0;
    const ageS = has ? Math.max(this.clock.ageS(this.tracks.pictureS, wallMs), waitS) : waitS;
    this.ageS = Math.max(ageS, silentS);
    this.fresh = freshness(has, ageS, silentS, closedS);
    this.raisedLately = raisedLately(this.alarms, this.nowS);
    this.floods = isFlood(this.floods, this.raisedLately);
  }

  /** Once a second: the track table, filtered as the map is. */
  summarise(filter: string): void {
    const ids = this.siteIds;
    const rows: TrackRow[] = [];
    for (let i = 0; i < this.tracks.count; i += 1) {
      const meta = this.meta.get(this.tracks.wire[i]!);
      const row = rowOf(this.tracks, i, this.labels, meta, ids);
      if (!filter || matches(row, filter)) rows.push(row);
    }
    this.rows = sortRows(rows);
  }

  #hello(message: Extract<Message, { type: "hello" }>): void {
    this.node = message.node;
    this.mode = message.node.mode ?? this.mode;
    this.note = message.node.note ?? "";
    if (message.labels?.length) this.labels = message.labels;
    if (message.classes?.length) this.classes = message.classes;
    if (message.ladder?.length) this.ladder = message.ladder;
    // A new connection tells everything again: what is not told is no longer so. The numbers of
    // tracks on the wire may mean others now: none may go on with another's trail.
    this.tracks.clear();
    this.rows = [];
    this.zones = [];
    this.alarms = [];
    this.#threats([]);
    this.sensors = [];
    this.advice = [];
    this.notices = [];
    this.sightings = [];
    this.handovers = [];
    this.volumes = [];
    this.conflicts = [];
    this.operations = [];
    this.rules = [];
    this.meta.clear();
    this.#wires.clear();
  }

  #threats(threats: Threat[]): void {
    this.threats = threats;
    this.firstThreat.clear();
    const at = (t: Threat | undefined) => t?.arrival_median_s ?? Number.POSITIVE_INFINITY;
    for (const threat of threats) {
      if (!(at(this.firstThreat.get(threat.track_id)) <= at(threat))) {
        this.firstThreat.set(threat.track_id, threat);
      }
    }
  }

  #drop(wires: number[]): void {
    this.tracks.drop(wires);
    for (const wire of wires) {
      const meta = this.meta.get(wire);
      if (meta) this.#wires.delete(meta.track_id);
      this.meta.delete(wire);
    }
  }

  #isOld(alarm: Alarm): boolean {
    if (alarm.state !== "closed" || alarm.closed_s === null) return false;
    return this.nowS - alarm.closed_s > 600;
  }
}

/** Changed rows replace those of the same key in place; new ones come last. */
function merge<T>(old: T[], changed: T[], key: (row: T) => string): T[] {
  const by = new Map(old.map((row) => [key(row), row]));
  for (const row of changed) by.set(key(row), row);
  return [...by.values()];
}
