// The desk ties picture, view, sound and acts together: what a key or a button does. Views call
// it; it never draws.

import type {
  Alarm,
  Message,
  Notice as SiteNotice,
  TrackFrame,
  TrackId,
  ZoneStatus,
} from "../wire";
import {
  type Act,
  type Answer,
  type Headcount,
  newKey,
  type SightingReport,
  sendAct,
  type Verb,
} from "./acts";
import { isActive, isProposed, needsAcknowledging, proposedZones, sortAlarms } from "./alarms";
import { loudest } from "./flood";
import { Identify, type Person } from "./identify.svelte";
import { LostActs, type Sent } from "./lost";
import type { Picture } from "./picture.svelte";
import type { SoundDesk } from "./sound.svelte";
import type { View } from "./view.svelte";
import { Who } from "./who.svelte";

/** A release can be cancelled this long, by the service's clock (docs/architecture.md). */
export const CANCEL_S = 3;
const NOTICE_MS = 9000;
/** For so long the selected track is looked for in what is told anew. */
const SOUGHT_MS = 30_000;
/** A release by hand waits this long for its second press. */
const ARMED_MS = 10_000;

/** What an act is called where a person is asked who does it. */
const ACT_WORDS: Partial<Record<Verb, string>> = {
  refuse: "refuse TAKE SHELTER",
  clear: "give ALL CLEAR",
  dispose: "say what a track is",
  shelve: "shelve an alarm",
  readiness: "end raised readiness",
  begin_shift: "begin the shift",
  end_shift: "end the shift",
  resume: "resume operations",
  accept_rule: "accept a standing rule",
};

export interface Notice {
  text: string;
  tone: "ok" | "bad";
}

export interface Released {
  site: string;
  zones: string[];
  atS: number;
}

export class Desk {
  notice = $state.raw<Notice | null>(null);
  released = $state.raw<Released | null>(null);
  /** How many acts are on their way. */
  busy = $state(0);
  /** The zone whose "Release" by hand waits for its second press: "site/zone". */
  armedZone = $state("");
  #armedMs = 0;
  /** When a person acknowledged last, by the steady clock. */
  acknowledgedMs = Number.NEGATIVE_INFINITY;
  #sought: { id: TrackId; sinceMs: number } | null = null;
  /** The desk of a look back while one is shown: keys of map and tracks belong to it. */
  past = $state.raw<Desk | null>(null);
  readonly #lost = new LostActs();
  readonly identify = new Identify();
  readonly who: Who;
  #noticeTimer = 0;

  constructor(
    readonly picture: Picture,
    readonly view: View,
    readonly sound: SoundDesk,
    readonly ask: typeof fetch = (...args) => fetch(...args),
  ) {
    this.who = new Who(ask);
  }

  get alarms(): Alarm[] {
    return sortAlarms(this.picture.alarms);
  }

  /** The alarm under the cursor; the first one that needs something where there is none. */
  get current(): Alarm | undefined {
    const alarms = this.alarms;
    const chosen = alarms.find((alarm) => alarm.id === this.view.alarm && isActive(alarm));
    return chosen ?? alarms.find(needsAcknowledging) ?? alarms.find(isActive);
  }

  /** The alarm that Enter reaches: the chosen one if it waits for it, else the first that does. */
  get toAcknowledge(): Alarm | undefined {
    const open = this.alarms.filter(needsAcknowledging);
    return open.find((alarm) => alarm.id === this.view.alarm) ?? open[0];
  }

  /** When a dialog or a question for a PIN went away last, by the steady clock. */
  get closedMs(): number {
    return Math.max(this.view.closedMs, this.identify.closedMs);
  }

  stepAlarm(by: 1 | -1): void {
    const alarms = this.alarms.filter(isActive);
    if (alarms.length === 0) return;
    const at = alarms.findIndex((alarm) => alarm.id === this.current?.id);
    const next = alarms[(at + by + alarms.length) % alarms.length];
    if (next) this.chooseAlarm(next);
  }

  chooseAlarm(alarm: Alarm): void {
    this.view.alarm = alarm.id;
    const wire = alarm.tracks.map((id) => this.picture.wireOf(id)).find((w) => w > 0);
    if (wire) this.view.selected = wire;
  }

  stepTrack(by: 1 | -1): void {
    const rows = this.picture.rows;
    if (rows.length === 0) return;
    const at = rows.findIndex((row) => row.wire === this.view.selected);
    this.view.selected = rows[at < 0 ? 0 : (at + by + rows.length) % rows.length]!.wire;
  }

  async acknowledge(alarm: Alarm | undefined = this.toAcknowledge): Promise<void> {
    if (!alarm) return this.tell({ text: "There is no alarm to acknowledge.", tone: "ok" });
    this.acknowledgedMs = performance.now();
    await this.act({ verb: "acknowledge", alarm: alarm.id, site: alarm.site_id });
  }

  /** Zones that a release would go to: the proposed ones of the current alarm's site, or, where
   * that has none, of the only site that has. */
  releasable(): ZoneStatus[] {
    const site = this.current?.site_id;
    const here = site ? proposedZones(this.picture.zones, site) : [];
    if (here.length) return here;
    const all = this.picture.zones.filter(isProposed);
    return new Set(all.map((zone) => zone.site_id)).size === 1 ? all : [];
  }

  async releaseProposed(): Promise<void> {
    const zones = this.releasable();
    if (zones.length === 0) {
      return this.tell({
        text: "TAKE SHELTER is proposed nowhere here. Release a zone by its own button.",
        tone: "bad",
      });
    }
    await this.release(
      zones[0]!.site_id,
      zones.map((zone) => zone.zone_id),
    );
  }

  /** The first press of a release by hand; it waits some seconds for the second. */
  armZone(key: string): void {
    this.armedZone = key;
    this.#armedMs = performance.now();
  }

  /** One press releases; then there are 3 s to cancel. */
  async release(site: string, zones: string[]): Promise<void> {
    this.armedZone = "";
    const answer = await this.act({ verb: "release", site, zones });
    if (answer.accepted)
      this.released = { site, zones, atS: this.picture.clock.now(performance.now()) };
  }

  async cancelRelease(): Promise<void> {
    const released = this.released;
    if (!released) return;
    this.released = null;
    await this.act({ verb: "cancel", site: released.site, zones: released.zones });
  }

  /** option: the line of the playbook that the decision follows. */
  async decide(alarm: string, text: string, option = ""): Promise<boolean> {
    const site = this.picture.alarms.find((a) => a.id === alarm)?.site_id ?? "";
    const follows = option ? { option } : {};
    return (await this.act({ verb: "decide", alarm, site, text, ...follows })).accepted;
  }

  /** Silent for some minutes, with a reason; it comes back by itself. */
  async shelve(alarm: string, minutes: number, reason: string): Promise<boolean> {
    const until_s = this.picture.clock.now(performance.now()) + minutes * 60;
    return (await this.act({ verb: "shelve", alarm, until_s, reason })).accepted;
  }

  async unshelve(alarm: string): Promise<void> {
    await this.act({ verb: "unshelve", alarm });
  }

  /** Why a line of the playbook was not followed; it holds nothing up. */
  async explain(alarm: string, option: string, reason: string): Promise<boolean> {
    const site = this.picture.alarms.find((a) => a.id === alarm)?.site_id ?? "";
    return (await this.act({ verb: "explain", alarm, site, option, reason })).accepted;
  }

  /** Warn by hand, without a track; TAKE SHELTER can be cancelled for 3 s. */
  async raise(site: string, zones: string[], step: string, text = ""): Promise<boolean> {
    const answer = await this.act({ verb: "raise", site, zones, step, text });
    if (answer.accepted && step === "TAKE SHELTER")
      this.released = { site, zones, atS: this.picture.clock.now(performance.now()) };
    return answer.accepted;
  }

  async sight(site: string, sighting: SightingReport, text: string): Promise<boolean> {
    return (await this.act({ verb: "sighting", site, sighting, text })).accepted;
  }

  /** MONITOR at least for some hours, because of a notice. */
  async ready(site: string, hours: number, reason: string): Promise<void> {
    const nowS = this.picture.clock.now(performance.now());
    await this.act({ verb: "readiness", site, until_s: nowS + hours * 3600, reason });
  }

  async account(site: string, zone: string, headcount: Headcount, text: string): Promise<boolean> {
    return (await this.act({ verb: "account", site, zones: [zone], headcount, text })).accepted;
  }

  async seeNotice(notice: SiteNotice): Promise<void> {
    await this.act({ verb: "acknowledge", alarm: notice.id, site: notice.site_id });
  }

  async refuse(site: string, zones: string[], reason: string): Promise<boolean> {
    return (await this.act({ verb: "refuse", site, zones, reason })).accepted;
  }

  /** criteria: those of the site that the person says are met. */
  async clear(
    site: string,
    zones: string[],
    reason: string,
    criteria: string[] = [],
  ): Promise<boolean> {
    return (await this.act({ verb: "clear", site, zones, reason, criteria })).accepted;
  }

  /** Record that operations are suspended; no volume named means all of the site's. */
  async suspend(site: string, volumes: string[], reason: string): Promise<boolean> {
    return (await this.act({ verb: "suspend", site, zones: volumes, reason })).accepted;
  }

  /** criteria: those of the site that the person says are met. */
  async resume(site: string, reason: string, criteria: string[]): Promise<boolean> {
    return (await this.act({ verb: "resume", site, reason, criteria })).accepted;
  }

  async dispose(track: string, reason: string, text: string): Promise<boolean> {
    return (await this.act({ verb: "dispose", track, reason, text })).accepted;
  }

  /** read: the newest note that the person has read, "" where none waits. */
  async beginShift(read: string): Promise<boolean> {
    const answer = await this.act({ verb: "begin_shift", alarm: read });
    if (answer.accepted) await this.who.load();
    return answer.accepted;
  }

  async endShift(note: string): Promise<boolean> {
    const answer = await this.act({ verb: "end_shift", text: note });
    if (answer.accepted) await this.who.load();
    return answer.accepted;
  }

  /** Where the service asks who it is, the act waits for a name and PIN and then goes through. */
  async #send(act: Act): Promise<Answer> {
    const before = this.#lost.before(act);
    let sent = before ?? this.#anew(newKey());
    const first = await this.#post(act, sent);
    if (first.ask === "shift") void this.who.load();
    if (first.ask !== "person") return this.#lost.keep(act, sent, first);
    let lost = before !== undefined;
    const answer = await this.identify.need(
      ACT_WORDS[act.verb] ?? act.verb,
      async (who: Person) => {
        // What was refused has not used the key up: the view is of now. What was lost may have
        // been done: the very same is sent again.
        if (!lost) sent = this.#anew(sent.key);
        const answer = await this.#post(act, sent, who);
        lost ||= answer.lost ?? false;
        return answer;
      },
    );
    return this.#lost.keep(act, sent, answer);
  }

  #anew(key: string): Sent {
    return { key, viewS: this.picture.tracks.pictureS, atMs: performance.now() };
  }

  async #post(act: Act, sent: Sent, who?: Person): Promise<Answer> {
    this.busy += 1;
    try {
      return await sendAct(act, sent.viewS, this.ask, sent.key, who);
    } finally {
      this.busy -= 1;
    }
  }

  async act(act: Act): Promise<Answer> {
    const answer = await this.#send(act);
    const text = answer.sentence || (answer.accepted ? "Done." : "Refused.");
    this.tell({ text, tone: answer.accepted ? "ok" : "bad" });
    return answer;
  }

  tell(notice: Notice): void {
    this.notice = notice;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => {
      this.notice = null;
    }, NOTICE_MS) as unknown as number;
  }

  /** Take a message of the service into the picture; what was selected stays so. */
  take(message: Message, wallMs: number): void {
    const { picture, view } = this;
    if (message.type === "hello") {
      const id = picture.meta.get(view.selected)?.track_id;
      if (id) this.#sought = { id, sinceMs: wallMs };
      view.selected = 0;
    }
    picture.take(message, wallMs);
    this.#findSought(wallMs);
  }

  takeFrame(frame: TrackFrame, wallMs: number): void {
    this.picture.takeFrame(frame, wallMs);
    this.#findSought(wallMs);
  }

  /** Select the track that was selected before everything was told anew, unless a person has
   * selected another since. */
  #findSought(wallMs: number): void {
    const sought = this.#sought;
    if (!sought) return;
    const wire = this.picture.wireOf(sought.id);
    if (this.view.selected || wallMs - sought.sinceMs > SOUGHT_MS) this.#sought = null;
    else if (wire && this.picture.tracks.row(wire) >= 0) this.view.selected = wire;
  }

  /** A few times a second. */
  tick(wallMs: number): void {
    this.picture.tick(wallMs);
    this.who.tick(wallMs);
    this.sound.look(wallMs);
    this.sound.watch(
      this.picture.floods ? loudest(this.picture.alarms) : this.picture.alarms,
      (id) => ({
        name: this.picture.site(id)?.name ?? id,
        at: this.picture.node?.sites.findIndex((site) => site.id === id) ?? -1,
      }),
      wallMs,
    );
    if (this.released && this.picture.nowS - this.released.atS > CANCEL_S) this.released = null;
    if (this.armedZone && wallMs - this.#armedMs > ARMED_MS) this.armedZone = "";
    if (this.view.selected && this.picture.tracks.row(this.view.selected) < 0)
      this.view.selected = 0;
  }
}
