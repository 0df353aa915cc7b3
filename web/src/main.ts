import "@fontsource-variable/inter/index.css";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { LiveSocket, type Sink } from "./live";
import { drawStats, redrawAll } from "./map/stage";
import { Desk } from "./state/desk.svelte";
import { Picture } from "./state/picture.svelte";
import { loadSeat, seat } from "./state/seat.svelte";
import { SoundDesk } from "./state/sound.svelte";
import { THEMES, type Theme, View } from "./state/view.svelte";

const picture = new Picture(performance.now());
const view = new View();
const desk = new Desk(picture, view, new SoundDesk());

loadSeat();
if ((THEMES as readonly string[]).includes(seat.theme)) view.theme = seat.theme as Theme;
view.singleKeys = seat.singleKeys;
view.fromHash(location.hash);

const sink: Sink = {
  opened: () => {
    picture.opened();
    void desk.who.load();
  },
  closed: (wallMs) => picture.closed(wallMs),
  problem: (sentence) => picture.problem(sentence),
  take: (message, wallMs) => {
    desk.take(message, wallMs);
    if (message.type === "hello") redrawAll();
    if (message.type !== "clock") return;
    // A page in the background has slow timers, but its socket is read at once: the sound is
    // looked after here too, and the service is told whether there is any.
    desk.tick(wallMs);
    socket.say(JSON.stringify({ sound: desk.sound.runs }));
  },
  takeFrame: (frame, wallMs) => {
    desk.takeFrame(frame, wallMs);
    redrawAll();
  },
};

const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new LiveSocket(`${scheme}://${location.host}/api/v1/live`, sink, () => {
  // A refused upgrade has no reason that a page may read: ask who we are instead.
  void fetch("/api/v1/me")
    .then((reply) => {
      if (reply.status !== 401) return;
      picture.connection = "signed out";
      void desk.who.loadWays();
    })
    .catch(() => {});
});

mount(App, { target: document.getElementById("app")!, props: { desk } });
socket.start();

// For tests and for support: what the screen knows of itself.
declare global {
  interface Window {
    __tocsin: { stats: () => Record<string, unknown> };
  }
}
window.__tocsin = {
  stats: () => ({
    ...drawStats(),
    connection: picture.connection,
    fresh: picture.fresh,
    ageS: picture.ageS,
    pictureS: picture.tracks.pictureS,
    nowS: picture.nowS,
    seq: picture.lastSeq,
    updates: picture.tracks.updates,
    stored: picture.tracks.count,
    looks: Object.fromEntries(view.looks),
    voice: desk.sound.voice.count,
    problems: Object.fromEntries(picture.problems),
  }),
};
