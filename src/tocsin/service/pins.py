"""PINs, by which people say who acts at a screen that is signed in as a duty position.

A PIN is kept as its Argon2id hash. Five wrong ones in a row lock the name out: for a minute,
then twice as long each time, an hour at most; this outlives a restart. Every attempt is counted
before the hash is looked at, so that a thousand at once are no more than five.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tocsin.errors import CallError
from tocsin.service.service_ledger import ServiceLedger

__all__ = ["LOCK_MOST_S", "LOCK_S", "TRIES", "PinError", "Pins"]

TRIES = 5  # wrong in a row
LOCK_S, LOCK_MOST_S = 60.0, 3600.0
SHORTEST, LONGEST = 6, 12  # digits

# RFC 9106 section 4 offers 2 GiB or 64 MiB; a watch that shares a small machine takes the
# least that OWASP's password storage sheet names for Argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PinError(Exception):
    """Who it is was not shown. reason: a word for the counters; the message is a sentence."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Pins:
    """The PINs in a service ledger's database. Any thread.

    now: Unix UTC of the machine, as the sessions count.
    """

    def __init__(self, ledger: ServiceLedger, now: Callable[[], float] = time.time) -> None:
        self._ledger, self._now = ledger, now
        self._one_at_a_time = threading.Lock()  # each hash takes 19 MiB and some 30 ms

    def set_pin(self, user: str, pin: str) -> None:
        """Give a person a PIN. Raises CallError where it is one that others would guess."""
        if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
            raise CallError(f"a PIN is {SHORTEST} to {LONGEST} digits")
        steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
        if len(steps) == 1 and steps <= {0, 1, 9}:
            raise CallError("all the same, or counting up or down, is guessed first")
        with self._one_at_a_time:
            hashed = _HASHER.hash(pin)
        with self._ledger.lock:
            self._ledger.db.execute(
                "INSERT INTO pin VALUES (?, ?, ?, 0, 0) ON CONFLICT(user) DO UPDATE SET "
                "hash = excluded.hash, set_s = excluded.set_s, wrong = 0, locked_until_s = 0",
                (user, hashed, self._now()),
            )
        self._ledger.note("pin set", user=self._ledger.named(user))

    def check(self, user: str, pin: str) -> None:
        """Return where the PIN is the person's; else raise PinError.

        A name without a PIN is refused in the words, and after the work, of a wrong PIN.
        """
        with self._one_at_a_time:
            hashed, wrong = self._count_attempt(user)
            try:
                _HASHER.verify(hashed or _nobodys_hash(), pin)
            except (VerifyMismatchError, InvalidHashError):
                hashed = ""
            if not hashed:
                if wrong and wrong % TRIES == 0:
                    named = self._ledger.named(user)
                    self._ledger.note("pin locked out", user=named, wrong=wrong)
                raise PinError("wrong PIN", "name and PIN do not fit together")
            with self._ledger.lock:
                self._ledger.db.execute(
                    "UPDATE pin SET wrong = 0, locked_until_s = 0 WHERE user = ?", (user,)
                )

    def remove(self, user: str, *, by: str) -> bool:
        """Take a person's PIN away; False where there is none."""
        with self._ledger.lock:
            done = self._ledger.db.execute("DELETE FROM pin WHERE user = ?", (user,)).rowcount
        if done:
            named = self._ledger.named
            self._ledger.note("pin reset", user=named(user), by=named(by))
        return bool(done)

    def unlock(self, user: str, *, by: str) -> None:
        """Let a name that is locked out try again at once."""
        with self._ledger.lock:
            self._ledger.db.execute(
                "UPDATE pin SET wrong = 0, locked_until_s = 0 WHERE user = ?", (user,)
            )
        named = self._ledger.named
        self._ledger.note("pin unlocked", user=named(user), by=named(by))

    def standing(self) -> dict[str, float]:
        """Return until when each name that has a PIN is locked out (Unix UTC, 0 not)."""
        with self._ledger.lock:
            rows = self._ledger.db.execute("SELECT user, locked_until_s FROM pin").fetchall()
        now_s = self._now()
        return {
            user: until_s if now_s < until_s <= now_s + LOCK_MOST_S else 0.0
            for user, until_s in rows
        }

    def _count_attempt(self, user: str) -> tuple[str, int]:
        """Count an attempt as wrong until it is known to be right; return the hash ("" none)
        and how many in a row are wrong.
        """
        now_s = self._now()
        with self._ledger.lock:
            row = self._ledger.db.execute(
                "SELECT hash, wrong, locked_until_s FROM pin WHERE user = ?", (user,)
            ).fetchone()
            if row is None:
                return "", 0
            hashed, wrong, locked_until_s = row
            # No lock-out is longer than the longest: one from before the clock was set back
            # has ended.
            if now_s < locked_until_s <= now_s + LOCK_MOST_S:
                raise PinError(
                    "locked out",
                    f"too many wrong PINs for this name; it is locked out for "
                    f"{locked_until_s - now_s:.0f} s more. The watch and the right to warn "
                    "stay; an administrator can unlock it",
                )
            wrong += 1
            rounds, rest = divmod(wrong, TRIES)
            until_s = 0.0
            if rest == 0:
                until_s = now_s + min(LOCK_S * 2.0 ** (rounds - 1), LOCK_MOST_S)
            self._ledger.db.execute(
                "UPDATE pin SET wrong = ?, locked_until_s = ? WHERE user = ?",
                (wrong, until_s, user),
            )
        return str(hashed), wrong


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody's")
