// Acts of the officer: one POST each, with an idempotency key, so that a repeat after a lost
// answer cannot act twice. Nothing here commands anything but the watch itself.

import type { Person } from "./identify.svelte";

export type Verb =
  | "acknowledge"
  | "shelve"
  | "unshelve"
  | "release"
  | "cancel"
  | "refuse"
  | "clear"
  | "decide"
  | "dispose"
  | "raise"
  | "sighting"
  | "readiness"
  | "account"
  | "explain"
  | "begin_shift"
  | "end_shift"
  | "suspend"
  | "resume"
  | "accept_rule"
  | "end_rule";

/** What somebody saw: a place, or a direction from a post or from where the observer stands. */
export interface SightingReport {
  lat?: number;
  lon?: number;
  azimuth_deg?: number;
  post?: string;
  distance_m?: number;
  sigma_m?: number;
  count?: number;
  kind?: string;
  seen_s?: number;
}

/** What is left out was not said; that is not 0. */
export interface Headcount {
  accounted?: number;
  missing?: number;
  hurt?: number;
  done?: boolean;
}

export interface Act {
  verb: Verb;
  site?: string;
  zones?: string[];
  alarm?: string;
  /** 64-bit id in decimal. */
  track?: string;
  reason?: string;
  text?: string;
  step?: string;
  /** A line of the playbook. */
  option?: string;
  until_s?: number;
  criteria?: string[];
  headcount?: Headcount;
  sighting?: SightingReport;
}

export interface Answer {
  accepted: boolean;
  sentence: string;
  /** What this duty position has to be told first: who it is, or that a shift begins. */
  ask?: "person" | "shift";
  /** No answer came: it may have happened. */
  lost?: boolean;
}

/** For so long it is tried, with a growing pause between. */
const TRIES_MS = 15_000;
const WAIT_MS = 400;
/** Not worth beginning a try for. */
const LEAST_MS = 1000;

interface Patience {
  /** One try: a line that swallows it must not swallow the others too. */
  tryMs: number;
  /** Answers after which the same may be sent again. */
  undecided: readonly number[];
  /** Whether it goes out again where there was no answer at all. */
  again: boolean;
}
/** 502: a proxy whose service does not answer; 504: it is not on disk yet. */
const KEYED: Patience = { tryMs: 4000, undecided: [502, 504], again: true };
/** What bears no key is not sent again while the first may still be at work. */
const PLAIN: Patience = { tryMs: TRIES_MS, undecided: [], again: true };
/** What would be refused the second time, as if somebody else had done it. */
const ONCE: Patience = { ...PLAIN, again: false };

/** Each sending of these is written down anew: where an answer was lost, the same asked again
 * goes out with the same key. What warns always goes out anew. */
export const WRITTEN: ReadonlySet<Verb> = new Set([
  "decide",
  "explain",
  "dispose",
  "sighting",
  "account",
  "end_shift",
]);

/** A random UUID (RFC 9562, version 4), also where the page is not a secure context. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

/** The body of the POST. A track id goes as the integer that it is, whatever its size. */
export function actBody(act: Act, key: string, viewS: number, who?: Person): string {
  const { track, ...rest } = act;
  const view = Number.isFinite(viewS) ? { view_s: viewS } : {};
  const text = JSON.stringify({ ...rest, key, ...view, ...who });
  return track && /^\d+$/.test(track) ? `${text.slice(0, -1)},"track":${track}}` : text;
}

/** Send an act; a failure of the network is tried again with the same key. */
export async function sendAct(
  act: Act,
  viewS: number,
  ask: typeof fetch = fetch,
  key: string = newKey(),
  who?: Person,
): Promise<Answer> {
  return await sendKeyed("/api/v1/acts", actBody(act, key, viewS, who), ask);
}

/** Post a JSON body that bears its own idempotency key: no try waits longer than some seconds. */
export async function sendKeyed<T extends Answer>(
  path: string,
  body: string,
  ask: typeof fetch = fetch,
): Promise<T | Answer> {
  return await sendUntil<T>(path, body, ask, KEYED);
}

/** Post a JSON body; the same bytes go again where the network fails, for 15 s in all. */
export async function sendBody<T extends Answer>(
  path: string,
  body: string,
  ask: typeof fetch = fetch,
): Promise<T | Answer> {
  return await sendUntil<T>(path, body, ask, PLAIN);
}

/** Post a JSON body once: where no answer comes, nobody sends it again but the person. */
export async function sendOnce<T extends Answer>(
  path: string,
  body: string,
  ask: typeof fetch = fetch,
): Promise<T | Answer> {
  return await sendUntil<T>(path, body, ask, ONCE);
}

/** What is told where no answer came. */
export const LOST: Answer = {
  accepted: false,
  lost: true,
  sentence:
    "No answer from the service. It may have been done or not: look at what stands before you do it again.",
};

async function sendUntil<T extends Answer>(
  path: string,
  body: string,
  ask: typeof fetch,
  patience: Patience,
): Promise<T | Answer> {
  const endMs = performance.now() + TRIES_MS;
  for (let tried = 1; ; tried += 1) {
    try {
      return await post<T>(path, body, ask, patience, endMs - performance.now());
    } catch {
      const waitMs = WAIT_MS * tried;
      if (!patience.again || performance.now() + waitMs + LEAST_MS > endMs) return LOST;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** One try; raises where there is no answer, or none that decides. */
async function post<T extends Answer>(
  path: string,
  body: string,
  ask: typeof fetch,
  { tryMs, undecided }: Patience,
  leftMs: number,
): Promise<T | Answer> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), Math.min(tryMs, leftMs));
  try {
    const headers = { "content-type": "application/json" };
    const reply = await ask(path, { method: "POST", headers, body, signal: ending.signal });
    if (undecided.includes(reply.status)) throw new Error(`the service answered ${reply.status}`);
    return await answerOf<T>(reply, ending.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function answerOf<T extends Answer>(
  reply: Response,
  ended: AbortSignal,
): Promise<T | Answer> {
  const broken = (error: unknown) => {
    if (ended.aborted) throw error;
    return {};
  };
  const told = (await reply.json().catch(broken)) as Partial<T> & {
    error?: string;
    ask?: Answer["ask"];
  };
  if (reply.ok) return { ...told, accepted: told.accepted ?? true, sentence: told.sentence ?? "" };
  if (reply.status === 401) {
    return {
      accepted: false,
      sentence: told.error ?? "You are not signed in. Open the link that the service printed.",
    };
  }
  return {
    accepted: false,
    sentence: told.error ?? told.sentence ?? `The service answered ${reply.status}.`,
    ...(told.ask ? { ask: told.ask } : {}),
  };
}
