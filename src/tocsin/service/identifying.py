"""Who acts: whoever is signed in, or, at a duty position, who says so with a PIN.

What raises protection is done in the position's name, at once: no PIN, no shift, no wrong PIN
holds it up. What lowers protection takes a person with the right, and a running shift.
"""

import asyncio

from litestar.exceptions import PermissionDeniedException

from tocsin.service.access import AskError, check_right
from tocsin.service.account import Account
from tocsin.service.api_structs import ActPost, ActRequest
from tocsin.service.hall import Hall
from tocsin.service.pins import PinError
from tocsin.service.rights import ACT_RIGHTS, LOWERING, raises

__all__ = ["actor_of", "identified", "keep_shift"]

SOON_S = 60.0  # of service time; an act waits for a batch, and longer where the watch lags

# A note is written, and a shift begun, when the one before may have run out.
_OF_SHIFTS = ("end_shift", "begin_shift")


async def actor_of(hall: Hall, account: Account, post: ActPost) -> str:
    """Return in whose name an act is done. Raises PermissionDeniedException with a sentence."""
    right = ACT_RIGHTS[post.verb]
    if not account.has(right):
        check_right(hall, account, right)
    if raises(post.verb) or _raises_readiness(hall, post):
        return account.user
    if not account.is_position or post.verb not in _OF_SHIFTS:
        check_right(hall, account, right)
    if not account.is_position:
        return account.user
    if not post.person and post.verb not in LOWERING and post.verb != "readiness":
        return account.user
    person = await asyncio.to_thread(identified, hall, account, post.person, post.pin, right)
    named = hall.people.staff
    await asyncio.to_thread(
        hall.ledger.note, "identified", by=named(person.user), position=named(account.user),
        verb=post.verb, key=post.key,
    )  # fmt: skip
    return person.user


def identified(hall: Hall, account: Account, name: str, pin: str, right: str) -> Account:
    """Return the person of a name and PIN who has a right, for what is done at a duty
    position. Raises AskError, counted, where they do not fit or another person has to do it.
    A session of one's own is who it is, and takes no PIN.
    """
    if not account.is_position:
        raise PermissionDeniedException(
            f"this is the session of {account.user}: leave person and pin out"
        )
    if not name:
        raise AskError(
            f"{account.user} is a duty position: say who you are, with your PIN", "person"
        )
    try:
        hall.pins.check(name, pin)
    except PinError as error:
        hall.denied[error.reason] = hall.denied.get(error.reason, 0) + 1
        raise AskError(str(error), "person") from error
    person = hall.ledger.person(name)
    if person is None:
        raise AskError(f"{name} has no account any more", "person")
    try:
        check_right(hall, person, right)
    except PermissionDeniedException as error:
        raise AskError(str(error.detail), "person") from error
    return person


def keep_shift(hall: Hall, account: Account, by: str, act: ActRequest) -> None:
    """Begin or end the shift at a duty position, once the act is accepted; an act that is sent
    again does it once, also where its first answer was lost.
    """
    if not account.is_position:
        return
    if act.verb == "begin_shift":
        hall.ledger.begin_shift(account.user, by, act.key)
    elif act.verb == "end_shift":
        hall.ledger.end_shift(account.user, by, act.key)


def _raises_readiness(hall: Hall, post: ActRequest) -> bool:
    # An end that is near may be past when the pipeline takes the act up: then it lowers.
    ends = post.until_s is not None and post.until_s <= hall.clock.now_s() + SOON_S
    return post.verb == "readiness" and not ends
