"""Pages of authentication put together (ASTM F3411-22a, 5.4.5.13). Nothing is verified here."""

import math
from dataclasses import dataclass, field

from tocsin.codec.remoteid.messages import AuthPage

__all__ = ["AuthPages", "Authentication", "add_page_into"]

PATIENCE_S = 30.0  # pages of one signature come within a few seconds; older ones are forgotten


@dataclass(frozen=True, slots=True)
class Authentication:
    """A whole signature. time_s: Unix UTC, NaN where not given; extra: what follows the data,
    for example forward error correction.
    """

    auth_type: int
    time_s: float
    data: bytes
    extra: bytes


@dataclass(slots=True)
class AuthPages:
    """What has come of one transmitter's authentication: at most 16 pages of 23 octets.

    last_page is -1 until page 0 has come; done: the octets of the last one given, so that the
    same is not given again.
    """

    auth_type: int = -1
    last_page: int = -1
    length: int = 0
    time_s: float = math.nan
    begun_s: float = math.nan
    pages: dict[int, bytes] = field(default_factory=dict)
    done: bytes = b""


def add_page_into(state: AuthPages, page: AuthPage, heard_s: float) -> Authentication | None:
    """Take a page; return the authentication that it completes, once for each content."""
    if page.auth_type != state.auth_type or not heard_s - state.begun_s <= PATIENCE_S:
        _begin_into(state, page.auth_type, heard_s)
    if page.page == 0:
        # As text, so that "not given" equals itself.
        is_new = f"{page.last_page} {page.length} {page.time_s}" != (
            f"{state.last_page} {state.length} {state.time_s}"
        )
        if is_new and state.last_page >= 0:
            _begin_into(state, page.auth_type, heard_s)
        state.last_page, state.length, state.time_s = page.last_page, page.length, page.time_s
    state.pages[page.page] = page.data
    if state.last_page < 0 or any(n not in state.pages for n in range(state.last_page + 1)):
        return None
    return _whole(state)


def _begin_into(state: AuthPages, auth_type: int, heard_s: float) -> None:
    state.auth_type, state.begun_s = auth_type, heard_s
    state.last_page, state.length, state.time_s = -1, 0, math.nan
    state.pages.clear()


def _whole(state: AuthPages) -> Authentication | None:
    content = b"".join(state.pages[n] for n in range(state.last_page + 1))
    if content == state.done:
        return None
    state.done = content
    after = content[state.length :]
    extra = after[1 : 1 + after[0]] if after and len(after) > after[0] else b""
    return Authentication(state.auth_type, state.time_s, content[: state.length], extra)
