import { beforeEach, describe, expect, it, vi } from "vitest";
import { COMMANDS, onClick, onKey, QUIET_MS } from "../src/keys";
import { unansweredFirst } from "../src/state/alarms";
import { Desk } from "../src/state/desk.svelte";
import { Picture } from "../src/state/picture.svelte";
import { SoundDesk } from "../src/state/sound.svelte";
import { View } from "../src/state/view.svelte";
import type { Alarm } from "../src/wire";

let nowMs = 0;
beforeEach(() => {
  nowMs = 10_000;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
});

const alarm = (id: string, over: Partial<Alarm> = {}) =>
  ({
    id,
    site_id: "north",
    step: "CAUTION",
    state: "unacknowledged",
    raised_s: 1,
    zones: [],
    tracks: [],
    closed_s: null,
    ...over,
  }) as unknown as Alarm;

function deskWith(...alarms: Alarm[]) {
  const sent: Record<string, unknown>[] = [];
  const ask = async (_path: string, init?: { body: string }) => {
    sent.push(JSON.parse(init?.body ?? "{}"));
    return { ok: true, status: 200, json: async () => ({ accepted: true, sentence: "done" }) };
  };
  const desk = new Desk(
    new Picture(0),
    new View(),
    new SoundDesk(),
    ask as unknown as typeof fetch,
  );
  desk.picture.alarms = alarms;
  return { desk, sent };
}

/** Press a key on a target that is, or is not, a button; tells what became of the event. */
function press(desk: Desk, key: string, more: { repeat?: boolean; button?: boolean } = {}) {
  const target = { tagName: more.button ? "BUTTON" : "BODY", closest: () => more.button || null };
  const event = {
    key,
    repeat: more.repeat ?? false,
    target,
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true;
    },
  };
  onKey(desk, event as unknown as KeyboardEvent);
  return event;
}

describe("a key that is held", () => {
  it("acknowledges one alarm, and presses no button again", () => {
    const { desk, sent } = deskWith(alarm("A"));
    press(desk, "Enter");
    for (let k = 0; k < 5; k += 1) press(desk, "Enter", { repeat: true });
    expect(sent).toHaveLength(1);
    expect(press(desk, "Enter", { button: true }).defaultPrevented).toBe(false);
    expect(press(desk, "Enter", { button: true, repeat: true }).defaultPrevented).toBe(true);
  });

  it("steps on from alarm to alarm", () => {
    const { desk } = deskWith(alarm("A"), alarm("B", { raised_s: 2 }), alarm("C", { raised_s: 3 }));
    press(desk, "j");
    press(desk, "j", { repeat: true });
    expect(desk.view.alarm).toBe("C");
  });
});

describe("once a dialog has closed", () => {
  it("a bounced S or Enter does nothing for a while, and W warns at once", () => {
    const { desk, sent } = deskWith(alarm("A"));
    const arm = vi.spyOn(desk.sound, "arm").mockResolvedValue();
    desk.view.dialog = { kind: "raise" };
    desk.view.dialog = null;
    nowMs += QUIET_MS - 1;
    press(desk, "s");
    press(desk, "Enter");
    expect(press(desk, "Enter", { button: true }).defaultPrevented).toBe(true);
    expect([arm.mock.calls.length, sent.length]).toEqual([0, 0]);
    press(desk, "w");
    expect(desk.view.dialog).toEqual({ kind: "raise" });
    desk.view.dialog = null;
    nowMs += QUIET_MS;
    press(desk, "s");
    press(desk, "Enter");
    expect([arm.mock.calls.length, sent.length]).toEqual([1, 1]);
  });

  it("nor after the question for a PIN, and Esc takes a release back all the same", () => {
    const { desk, sent } = deskWith(alarm("A"));
    void desk.identify.need("clear", async () => ({ accepted: true, sentence: "" }));
    desk.identify.giveUp();
    press(desk, "Enter");
    expect(sent).toHaveLength(0);
    desk.released = { site: "north", zones: ["apron"], atS: 0 };
    press(desk, "Escape");
    expect(sent.map((act) => act.verb)).toEqual(["cancel"]);
  });
});

it("S arms the sound and never turns it off, and says so", () => {
  const { desk } = deskWith();
  const arm = vi.spyOn(desk.sound, "arm").mockResolvedValue();
  const disarm = vi.spyOn(desk.sound, "disarm").mockResolvedValue();
  desk.sound.armed = true;
  press(desk, "s");
  expect([arm.mock.calls.length, disarm.mock.calls.length]).toEqual([1, 0]);
  expect(COMMANDS.find((c) => c.keys.includes("s"))?.words).toContain("only its button");
});

describe("Enter", () => {
  it("reaches the alarm that sounds, not the one that was acknowledged and is still chosen", () => {
    const { desk, sent } = deskWith(
      alarm("old", { step: "TAKE SHELTER", state: "acknowledged" }),
      alarm("low", { step: "MONITOR" }),
      alarm("next"),
    );
    desk.view.alarm = "old";
    press(desk, "Enter");
    desk.view.alarm = "low";
    nowMs += QUIET_MS;
    press(desk, "Enter");
    expect(sent.map((act) => act.alarm)).toEqual(["next", "low"]);
  });

  it("pressed twice acknowledges one alarm: the next one is unread", () => {
    const { desk, sent } = deskWith(alarm("A"), alarm("B", { raised_s: 2 }));
    press(desk, "Enter");
    desk.picture.alarms = [alarm("A", { state: "acknowledged" }), alarm("B", { raised_s: 2 })];
    nowMs += 200;
    press(desk, "Enter");
    expect(sent.map((act) => act.alarm)).toEqual(["A"]);
    nowMs += 400;
    press(desk, "Enter");
    expect(sent.map((act) => act.alarm)).toEqual(["A", "B"]);
  });

  it("says so where no alarm waits for it", () => {
    const { desk, sent } = deskWith(alarm("old", { state: "acknowledged" }));
    press(desk, "Enter");
    expect(sent).toHaveLength(0);
    expect(desk.notice?.text).toContain("no alarm to acknowledge");
  });

  it("means acknowledge after a click of the mouse: the button gives the focus back", () => {
    const { desk } = deskWith();
    const blur = vi.fn();
    const button = (inDialog: boolean) => {
      const one = { dataset: {}, blur, closest: () => inDialog || null };
      return { closest: () => one };
    };
    const click = (target: unknown, detail: number) =>
      onClick(desk, { target, detail } as unknown as MouseEvent);
    click(button(false), 0); // by the keyboard
    click(button(true), 1);
    expect(blur).not.toHaveBeenCalled();
    click(button(false), 1);
    expect(blur).toHaveBeenCalledOnce();
  });
});

it("a release by hand waits ten seconds for its second press, and for no click elsewhere", () => {
  const { desk } = deskWith();
  desk.armZone("north/apron");
  desk.tick(nowMs + 9000);
  expect(desk.armedZone).toBe("north/apron");
  desk.tick(nowMs + 10_001);
  expect(desk.armedZone).toBe("");
  desk.armZone("north/apron");
  onClick(desk, { target: { closest: () => null }, detail: 1 } as unknown as MouseEvent);
  expect(desk.armedZone).toBe("");
});

it("a short list shows what nobody has acknowledged before what somebody has", () => {
  const rows = [
    alarm("shelter", { step: "TAKE SHELTER", state: "acknowledged" }),
    alarm("caution"),
    alarm("monitor", { step: "MONITOR" }),
  ];
  expect(unansweredFirst(rows).map((a) => a.id)).toEqual(["caution", "monitor", "shelter"]);
});
