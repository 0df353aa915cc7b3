import { describe, expect, it } from "vitest";
import { parseBinary, parseJson, parseText } from "../src/wire";
import { frame } from "./frames";

describe("text frames", () => {
  it("keep track ids that a double cannot hold", () => {
    const message = parseText(
      '{"type":"zones","seq":1,"zones":[{"zone_id":"a","tracks":[18446744073709551615, 7]}]}',
    );
    expect(typeof message).toBe("object");
    const zones = (message as { zones: { tracks: string[] }[] }).zones;
    expect(zones[0]?.tracks).toEqual(["18446744073709551615", "7"]);
  });

  it("leave digits inside strings alone", () => {
    expect(parseJson('{"text":"id 18446744073709551615","n":3}')).toEqual({
      text: "id 18446744073709551615",
      n: 3,
    });
  });

  it.each([
    ["{", "not JSON"],
    ["[1]", "no object"],
    ['{"type":"zones"}', "no seq"],
    ['{"type":"zones","seq":1}', "no list"],
    ['{"type":"clock","seq":1,"now_s":null}', "now_s"],
    ['{"type":"weather","seq":1}', "unknown type"],
  ])("answer %s with a sentence", (text, words) => {
    expect(parseText(text)).toContain(words);
  });

  it("read an event whether its fields are inside or beside", () => {
    const inside = parseText('{"type":"event","seq":1,"event":{"kind":"raised","tracks":[5]}}');
    const beside = parseText('{"type":"event","seq":1,"kind":"raised","tracks":["5"]}');
    for (const message of [inside, beside]) {
      expect((message as { event: { kind: string; tracks: string[] } }).event).toMatchObject({
        kind: "raised",
        tracks: ["5"],
      });
    }
  });
});

describe("binary frames", () => {
  it("give kind, time, sequence and count", () => {
    const parsed = parseBinary(frame(1, 1.5e12, [{ wire: 1, lat: 1, lon: 2 }], 9));
    expect(parsed).toMatchObject({ kind: "delta", tMs: 1.5e12, seq: 9, count: 1 });
  });

  it("are refused with a sentence when short, strange or cut", () => {
    expect(parseBinary(new ArrayBuffer(3))).toContain("shorter");
    expect(parseBinary(new ArrayBuffer(16))).toContain("magic");
    expect(parseBinary(frame(0, 0, [{ wire: 1, lat: 0, lon: 0 }]).slice(0, 40))).toContain(
      "inside",
    );
    const other = frame(0, 0, []);
    new DataView(other).setUint8(2, 9);
    expect(parseBinary(other)).toContain("version 9");
  });
});
