"""How the siren path of each site stands: the channels that carry its warnings, taken together.

A channel is as old as what was heard of it last, or as the warning that waits longest to be
taken. A site is heard as long as one of its channels is.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from tocsin.codec.siren_paths import encode_siren_path
from tocsin.model import SIREN_PATHS, Channel, Node, SirenHeard
from tocsin.service.api_structs import SirenPulse
from tocsin.service.inbox import Arrival, Inbox

__all__ = ["PathState", "news_of", "siren_pulses", "tell_sirens"]

ALARM_S = 9.0  # a path that is unheard for so long; it is told before ten seconds are over
LOOK_S = 0.5

_log = structlog.get_logger("tocsin.sirens")


@dataclass(frozen=True, slots=True)
class PathState:
    """One channel: seconds since it was heard, None where nothing tells; words: its trouble;
    beats: whether heartbeats tell, or only what waits.
    """

    channel: Channel
    age_s: float | None
    words: str = ""
    beats: bool = True


def siren_pulses(node: Node, paths: Sequence[PathState]) -> list[SirenPulse]:
    """Return the state of each site that has zones and a channel for its warnings."""
    found = []
    for site in node.sites:
        mine = [p for p in paths if not p.channel.sites or site.id in p.channel.sites]
        if not site.zones or not mine:
            continue
        known = [p for p in mine if p.age_s is not None]
        # A message that has begun to wait is no sign of life.
        best = min(
            [p for p in known if p.beats] or known, key=lambda p: p.age_s or 0.0, default=None
        )
        words = "; ".join(
            f"{p.channel.id}: {p.words or 'unheard'}"
            for p in known
            if (p.age_s or 0.0) >= ALARM_S
        )
        age_s = None if best is None else best.age_s
        found.append(SirenPulse(site.id, site.name or site.id, age_s, words[:300]))
    return found


def news_of(
    node: Node, pulses: Sequence[SirenPulse], told: dict[str, bool]
) -> list[SirenHeard]:
    """Return what has changed since it was told, by site; what was never told is heard."""
    lost = {p.site: p.words for p in pulses if p.age_s is not None and p.age_s >= ALARM_S}
    return [
        SirenHeard(site.id, site.id not in lost, lost.get(site.id, ""))
        for site in node.sites
        if site.zones and told.get(site.id, True) != (site.id not in lost)
    ]


async def tell_sirens(
    node: Node,
    look: Callable[[], list[SirenPulse]],
    standing: Callable[[], tuple[str, ...] | None],
    inbox: Inbox,
    now_s: Callable[[], float],
) -> None:
    """Put what changes of the siren paths before the pipeline, until cancelled.

    A node that has no channel for warnings has no path either. standing: ids of the sites for
    which an alarm of a lost path stands, None before the first picture: what stood before a
    restart ends by it.
    """
    told: dict[str, bool] = {}
    if not any(channel.is_siren for channel in node.channels):
        return
    has_looked = False
    while True:
        if not has_looked and (before := standing()) is not None:
            has_looked = True
            told.update(dict.fromkeys(before, False))
        try:
            pulses = await asyncio.to_thread(look)
        except Exception as error:  # a database that is locked: the next look may do
            _log.error("the siren paths cannot be seen", exc_info=error)
            await asyncio.sleep(LOOK_S)
            continue
        for news in news_of(node, pulses, told):
            payload = encode_siren_path(news)
            if inbox.put([Arrival(SIREN_PATHS, now_s(), payload, "service")]):
                told[news.site] = news.is_heard
        await asyncio.sleep(LOOK_S)
