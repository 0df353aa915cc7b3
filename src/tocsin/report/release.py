"""When a telling went out, and after which others: by that a feed's reader sees a change."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.model.accounts import Account
from tocsin.model.records import Publication
from tocsin.model.register import Version
from tocsin.report._times import iso

__all__ = ["Release", "release_of"]


@dataclass(frozen=True, slots=True)
class Release:
    """number: of the ledger entry that let this out; it grows with each. first_s and latest_s
    are Unix UTC. earlier: (number, when) of what went out before, oldest first.
    exact: a person took the step, so its time is public to the second; where two people only
    approved, times are cut to the hour for the public. is_withdrawn: nothing else follows.
    """

    number: int
    first_s: float
    latest_s: float
    earlier: tuple[tuple[int, float], ...] = ()
    exact: bool = False
    is_withdrawn: bool = False


def release_of(account: Account, steps: Sequence[tuple[Version, Publication]] = ()) -> Release:
    """Return when an account went out; without a step, when its newest entry was recorded.

    steps: those that were taken, oldest first, without drafts. One that had to wait for its
    time went out then.
    """
    if not steps:
        return Release(account.as_of, account.recorded_s, account.recorded_s)
    out = [(v.entry, max(v.recorded_s, n.not_before_s or 0.0)) for v, n in steps]
    # A time that was set anew before it came let nothing out.
    kept = [
        one for one, (_, noun), after in zip(out, steps, [*out[1:], None], strict=True)
        if after is None or noun.not_before_s is None or noun.not_before_s <= after[1]
    ]  # fmt: skip
    number, latest_s = kept[-1]
    return Release(
        number, kept[0][1], latest_s, tuple(kept[:-1]), exact=True,
        is_withdrawn=steps[-1][1].state == "withdrawn",
    )  # fmt: skip


def stamp(release: Release, at_s: float, profile: str) -> str:
    """Return a time of a release as an ISO 8601 text, cut to the hour where it must be."""
    return iso(at_s, to_the_hour=profile == "public" and not release.exact)
