"""How the siren path of each site stands: the channels that carry its warnings, taken together.

A channel is as old as what was heard of it last, or as the warning that waits longest to be
taken. A site is heard as long as one of its channels is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.model import Channel, Node
from tocsin.service.api_structs import SirenPulse

__all__ = ["UNHEARD_S", "PathState", "siren_pulses"]

UNHEARD_S = 10.0  # after which a path counts as unheard


@dataclass(frozen=True, slots=True)
class PathState:
    """One channel: seconds since it was heard, None where nothing tells; words: its trouble."""

    channel: Channel
    age_s: float | None
    words: str = ""


def siren_pulses(node: Node, paths: Sequence[PathState]) -> list[SirenPulse]:
    """Return the state of each site that has zones and a channel for its warnings."""
    found = []
    for site in node.sites:
        mine = [p for p in paths if not p.channel.sites or site.id in p.channel.sites]
        if not site.zones or not mine:
            continue
        known = [p for p in mine if p.age_s is not None]
        best = min(known, key=lambda p: p.age_s or 0.0, default=None)
        words = "; ".join(
            f"{p.channel.id}: {p.words or 'unheard'}"
            for p in known
            if (p.age_s or 0.0) >= UNHEARD_S
        )
        age_s = None if best is None else best.age_s
        found.append(SirenPulse(site.id, site.name or site.id, age_s, words[:300]))
    return found
