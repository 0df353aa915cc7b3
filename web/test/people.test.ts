import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type AccountPage,
  type AccountRow,
  allowed,
  ordered,
  standing,
} from "../src/pages/accounts";
import { whatStands } from "../src/pages/stands";
import type { Act } from "../src/state/acts";
import { Desk } from "../src/state/desk.svelte";
import { NOBODY, PERHAPS } from "../src/state/identify.svelte";
import { Picture } from "../src/state/picture.svelte";
import { SoundDesk } from "../src/state/sound.svelte";
import { View } from "../src/state/view.svelte";
import type { Alarm, Handover, SensorStatus, ZoneStatus } from "../src/wire";

type Said = { status: number; body: object } | Error;

/** A desk whose service answers acts in this order; what was sent is kept. */
function deskThatHears(...answers: Said[]) {
  const sent: Record<string, unknown>[] = [];
  const ask = vi.fn(async (path: string, init?: { body: string }) => {
    if (path === "/api/v1/me") return { ok: true, json: async () => ({ user: "desk" }) };
    sent.push(JSON.parse(init?.body ?? "{}"));
    const next = answers.shift() ?? { status: 200, body: { accepted: true, sentence: "done" } };
    if (next instanceof Error) throw next;
    return { ok: next.status === 200, status: next.status, json: async () => next.body };
  });
  const picture = new Picture(0);
  const desk = new Desk(picture, new View(), new SoundDesk(), ask as unknown as typeof fetch);
  return { desk, sent, picture };
}

const asked = { status: 403, body: { error: "say who you are", ask: "person" } };
const wrong = { status: 403, body: { error: "name and PIN do not fit together", ask: "person" } };
const done = { status: 200, body: { accepted: true, sentence: "cleared" } };
/** As often as it is tried within 15 s. */
const LOST = Array.from({ length: 8 }, () => new Error("network"));
const lower: Act = { verb: "clear", site: "north", zones: ["apron"], reason: "gone" };

afterEach(() => {
  vi.useRealTimers();
});

describe("an act that needs a person", () => {
  it("waits for name and PIN, stays while they do not fit, and goes through by itself", async () => {
    const { desk, sent, picture } = deskThatHears(asked, wrong, done);
    picture.tracks.pictureS = 100;
    const answer = desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).toBe("give ALL CLEAR"));
    picture.tracks.pictureS = 130; // typing takes time, and the picture goes on
    await desk.identify.tell({ person: "ada", pin: "1" });
    expect(desk.identify.sentence).toBe("name and PIN do not fit together");
    await desk.identify.tell({ person: " ada ", pin: "271828" });
    expect(await answer).toEqual({ accepted: true, sentence: "cleared" });
    expect(desk.identify.words).toBe("");
    expect(sent.map((one) => one.person)).toEqual([undefined, "ada", "ada"]);
    expect(new Set(sent.map((one) => one.key)).size).toBe(1);
    // Not refused as a stale view: what was seen while the PIN was typed counts.
    expect(sent.map((one) => one.view_s)).toEqual([100, 130, 130]);
  });

  it("is dropped where nobody says who it is", async () => {
    const { desk, sent } = deskThatHears(asked);
    const answer = desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).not.toBe(""));
    desk.identify.giveUp();
    expect(await answer).toEqual(NOBODY);
    expect(sent).toHaveLength(1);
  });

  it("sends the very same again once an answer was lost", async () => {
    vi.useFakeTimers();
    const { desk, sent, picture } = deskThatHears(asked, ...LOST, done);
    picture.tracks.pictureS = 100;
    const answer = desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).not.toBe(""));
    const told = desk.identify.tell({ person: "ada", pin: "271828" });
    await vi.advanceTimersByTimeAsync(15_000);
    await told;
    expect(desk.identify.sentence).toContain("No answer from the service");
    picture.tracks.pictureS = 150;
    await desk.identify.tell({ person: "ada", pin: "271828" });
    expect((await answer).accepted).toBe(true);
    expect(sent.at(-1)).toEqual(sent.at(-2));
  });

  it.each([
    ["while it is on its way", 100],
    ["after its answer was lost", 15_000],
  ])("may have been done where it is given up %s", async (_when, afterMs) => {
    vi.useFakeTimers();
    const { desk } = deskThatHears(asked, ...LOST, asked, asked);
    const answer = desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).not.toBe(""));
    void desk.identify.tell({ person: "ada", pin: "271828" });
    await vi.advanceTimersByTimeAsync(afterMs);
    desk.identify.giveUp();
    expect(await answer).toEqual(PERHAPS);
    expect(desk.notice?.text).toContain("may have been done");
    await vi.advanceTimersByTimeAsync(15_000);
    // The next one is asked for anew, and was not sent.
    const next = desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).not.toBe(""));
    expect(desk.identify.sending).toBe(false);
    desk.identify.giveUp();
    expect(await next).toEqual(NOBODY);
  });

  it("never holds up a warning, nor a second act behind it", async () => {
    const { desk } = deskThatHears(asked, done, asked, done, done);
    const first = desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).toBe("give ALL CLEAR"));
    expect((await desk.act({ verb: "raise", site: "north", step: "CAUTION" })).accepted).toBe(true);
    const second = desk.act({ verb: "end_shift", text: "nothing" });
    await vi.waitFor(() => expect(desk.identify.words).toBe("give ALL CLEAR"));
    await desk.identify.tell({ person: "ada", pin: "271828" });
    expect((await first).accepted).toBe(true);
    await vi.waitFor(() => expect(desk.identify.words).toBe("end the shift"));
    await desk.identify.tell({ person: "ada", pin: "271828" });
    expect((await second).accepted).toBe(true);
  });

  it("asks for both in a sentence, and sends nothing without them", async () => {
    const { desk, sent } = deskThatHears(asked);
    void desk.act(lower);
    await vi.waitFor(() => expect(desk.identify.words).not.toBe(""));
    await desk.identify.tell({ person: "  ", pin: "271828" });
    expect(desk.identify.sentence).toBe("Give your name and your PIN.");
    expect(sent).toHaveLength(1);
    desk.identify.giveUp();
  });

  it("is told where a shift has to begin first, and asks for no PIN", async () => {
    const { desk } = deskThatHears({ status: 403, body: { error: "no shift runs", ask: "shift" } });
    expect((await desk.act(lower)).sentence).toBe("no shift runs");
    expect(desk.identify.words).toBe("");
  });
});

describe("what a shift leaves", () => {
  it("tells notes that wait from those that were read", () => {
    const { picture } = deskThatHears();
    const note = (id: string, read_s: number | null): Handover =>
      ({ id, by: "ada", at_s: 1, text: "", read_by: "", read_s }) as Handover;
    const handovers = [note("H-1", 5), note("H-2", null), note("H-3", null)];
    picture.take({ type: "handovers", seq: 1, handovers }, 0);
    expect(picture.waitingNotes.map((n) => n.id)).toEqual(["H-2", "H-3"]);
  });

  it("lists what is open, shelved, not quiet and not ok, and nothing else", () => {
    const alarm = (over: Partial<Alarm>) =>
      ({
        id: "A-1",
        site_id: "n",
        step: "CAUTION",
        state: "acknowledged",
        tracks: [],
        ...over,
      }) as Alarm;
    const zone = (step: string) => ({ site_id: "n", zone_id: "a", step }) as ZoneStatus;
    const sensor = (sensor_id: string, state: string, kind = "radar") =>
      ({ sensor_id, state, kind }) as SensorStatus;
    const lines = whatStands({
      alarms: [
        alarm({ state: "unacknowledged", tracks: ["1", "2"] }),
        alarm({ id: "A-2", shelved_by: "ada", shelved_until_s: 160, shelved_reason: "siren test" }),
        alarm({ id: "A-3", state: "closed" }),
      ],
      zones: [zone("QUIET"), zone("CAUTION")],
      sensors: [
        sensor("r1", "ok"),
        sensor("r2", "silent"),
        sensor("post", "never heard", "person"),
      ],
      nowS: 100,
      siteName: () => "North",
      zoneName: () => "Apron",
    });
    expect(lines).toEqual([
      "Alarm A-1: CAUTION at North, 2 tracks, not acknowledged",
      "Alarm A-2: CAUTION at North, shelved for 1:00 more (siren test)",
      "CAUTION at North, Apron",
      "Sensor r2: silent",
    ]);
  });
});

describe("the page of accounts", () => {
  const row = (over: Partial<AccountRow>): AccountRow => ({
    name: "ada",
    roles: [],
    rights: [],
    position: false,
    has_pin: true,
    locked_until_s: null,
    sessions: 0,
    shift_by: "",
    shift_until_s: null,
    disabled: false,
    ...over,
  });

  it("says first what somebody has to do something about", () => {
    const words = (over: Partial<AccountRow>) => standing(row(over), 100);
    expect(words({})).toBe("has a PIN");
    expect(words({ has_pin: false })).toBe("no PIN yet");
    expect(words({ locked_until_s: 130 })).toBe("PIN locked out");
    expect(words({ locked_until_s: 90 })).toBe("has a PIN");
    expect(words({ locked_until_s: 130, disabled: true })).toBe("shut");
    expect(words({ position: true })).toBe("no shift");
    expect(words({ position: true, shift_by: "bob" })).toBe("shift of bob");
  });

  it("has people first, then positions, the shut ones last", () => {
    const rows = [
      row({ name: "desk", position: true }),
      row({ name: "zoe" }),
      row({ name: "ada", disabled: true }),
      row({ name: "bob" }),
    ];
    expect(ordered(rows).map((one) => one.name)).toEqual(["bob", "zoe", "desk", "ada"]);
  });

  it("says what roles allow together, and that a viewer may nothing more", () => {
    const rights = { look: ["viewer", "auditor"], hold: ["privacy officer"], read: ["auditor"] };
    const page = { accounts: [], roles: [], rights, position_roles: [] } as AccountPage;
    expect(allowed(page, ["viewer"])).toEqual([]);
    expect(allowed(page, ["auditor", "privacy officer"])).toEqual(["hold", "read"]);
  });
});
