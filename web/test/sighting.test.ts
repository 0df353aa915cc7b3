import { describe, expect, it } from "vitest";
import { placesOf, SeenAt } from "../src/panel/sighting";
import type { SiteInfo } from "../src/wire";

const site = (over: Partial<SiteInfo>) =>
  ({ id: "north", zones: [], ...over }) as never as SiteInfo;

describe("from where a sighting is told", () => {
  it("is a post, this device or a zone; the site itself where it names no post", () => {
    const zones = [{ id: "apron", name: "Apron" }] as never;
    expect(placesOf(site({ posts: ["tower", "gate"], zones }), false)).toEqual([
      "post:tower",
      "post:gate",
      "zone:apron",
    ]);
    expect(placesOf(site({}), true)).toEqual(["post:", "here"]);
  });
});

describe("a sighting of five minutes ago", () => {
  const told = { kind: "drone", count: 1, azimuth_deg: 45, site: "north", text: "low" };

  it("was seen when it was when it was sent first, however late it is sent again", () => {
    const seen = new SeenAt();
    expect(seen.of(told, 5, 1000)).toBe(700);
    expect(seen.of({ ...told }, 5, 1040)).toBe(700);
  });

  it("is another once anything of it is changed", () => {
    const seen = new SeenAt();
    seen.of(told, 5, 1000);
    expect(seen.of({ ...told, count: 2 }, 5, 1040)).toBe(740);
    expect(seen.of({ ...told, count: 2 }, 1, 1040)).toBe(980);
  });
});
