// Who is signed in here: a person, or a duty position at which people say by PIN who they are.
// The service decides what that allows; this only lets the page say it beforehand.

export interface Me {
  user: string;
  roles: string[];
  rights: string[];
  position: boolean;
  /** End of the session or of the position's shift, Unix seconds; null where none runs. */
  until_s: number | null;
  /** Picture, sound and warning are left, nothing else. */
  over: boolean;
  /** Whose shift it is. */
  by: string;
  has_pin: boolean;
}

const EVERY_MS = 30_000;

export class Who {
  me = $state.raw<Me | null>(null);
  /** Host of the provider at which people can sign in; "" where there is none. */
  provider = $state("");
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(readonly ask: typeof fetch) {}

  get isPosition(): boolean {
    return this.me?.position ?? false;
  }

  /** No shift runs, or the session has run out: nothing that protects can be lowered. */
  get isOver(): boolean {
    return this.me?.over ?? false;
  }

  may(right: string): boolean {
    return this.me?.rights.includes(right) ?? false;
  }

  async load(): Promise<void> {
    this.#askedMs = performance.now();
    try {
      const reply = await this.ask("/api/v1/me");
      if (reply.ok) this.me = asMe(await reply.json());
    } catch {
      // Asked again by the clock; the banner of the picture says that nobody answers.
    }
  }

  /** What there is for who is not signed in. */
  async loadWays(): Promise<void> {
    try {
      const reply = await this.ask("/api/v1/sign-in");
      if (reply.ok) this.provider = String((await reply.json()).provider ?? "");
    } catch {
      // The page asks again with its next try to join.
    }
  }

  /** A few times a second: asks anew now and then, since a shift ends by itself. */
  tick(wallMs: number): void {
    if (this.me && wallMs - this.#askedMs >= EVERY_MS) void this.load();
  }
}

function asMe(said: Partial<Me>): Me {
  return {
    user: said.user ?? "",
    roles: said.roles ?? [],
    rights: said.rights ?? [],
    position: said.position ?? false,
    until_s: said.until_s ?? null,
    over: said.over ?? false,
    by: said.by ?? "",
    has_pin: said.has_pin ?? false,
  };
}
