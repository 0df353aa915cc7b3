"""Who is signed in, what they may do, and until when."""

import time
from dataclasses import dataclass

from tocsin.service.rights import RIGHTS

__all__ = ["KEEP_S", "NEVER_S", "Account", "account_of"]

KEEP_S = 7 * 86_400.0  # past its end a session of the watch still shows, sounds and warns
NEVER_S = 1e11  # Unix UTC in the year 5138: a duty position stays signed on


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in, and what they may do. is_position: a place on duty, not a person;
    until_s: end of the session or of the position's shift, Unix UTC; by: whose shift it is.
    """

    user: str
    roles: tuple[str, ...]
    is_position: bool = False
    until_s: float = NEVER_S
    by: str = ""

    def has(self, right: str) -> bool:
        """Tell whether any of the roles gives a right, whatever the time is."""
        return not RIGHTS[right].isdisjoint(self.roles)

    def is_over(self) -> bool:
        """Tell whether session or shift has ended: only what is KEPT may be done."""
        return self.left_s() <= 0.0

    def left_s(self) -> float:
        """Return how long session or shift goes on; at most 0 once it has ended."""
        return self.until_s - time.time()


def account_of(
    user: str,
    until_s: float,
    roles: str,
    position: str | None,
    by: str | None,
    shift_until_s: float | None,
) -> tuple[Account, float]:
    """Return the account of a session's row, and until when the session is of any use."""
    if position is not None:
        over_s = shift_until_s or 0.0
        return Account(user, tuple(roles.split(",")), True, over_s, by or ""), NEVER_S
    account = Account(user, tuple(roles.split(",")), False, until_s)
    return account, until_s + (KEEP_S if account.has("warn") else 0.0)
