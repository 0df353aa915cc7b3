"""What is to be said to one partner of the picture, and what came of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from tocsin.model import Channel, Ladder, Node
from tocsin.service.api_structs import ChannelStatus

if TYPE_CHECKING:
    from tocsin.codec.asterix.outgoing import Numbers
    from tocsin.codec.shown_tracks import Showing, ShownTrack

__all__ = ["MAX_ENDED", "Line", "as_one", "payloads_into"]

MAX_ENDED = 10_000  # ends that a partner who is away will be told; older ones are held back


@dataclass(slots=True)
class Line:
    """One channel as it stands. told: the tracks of which the partner knows, by id; ended:
    those of them that are gone, until that was said; vouched: see `vouch_into`.
    """

    channel: Channel
    told: "dict[str, ShownTrack]" = field(default_factory=dict)
    ended: "dict[str, ShownTrack]" = field(default_factory=dict)
    vouched: dict[str, float] = field(default_factory=dict)
    numbers: "Numbers | None" = None  # track numbers that the partner knows
    count: int = 0  # of pictures
    turn: int = 0  # which track is first to go where not all may
    delivered: int = 0
    failed: int = 0
    held_back: int = 0
    refused: int = 0
    tokens: float = 1e9  # how often a partner may fetch now
    fetched_at: float = 0.0
    failures: int = 0
    error: str = ""

    def status(self, closed: str) -> ChannelStatus:
        """Return how it stands; closed: why nothing leaves, else ""."""
        return ChannelStatus(
            id=self.channel.id,
            closed=closed,
            queued=0,
            delivered=self.delivered,
            failed=self.failed + self.refused,
            last_error=self.error,
            oldest_waiting_s=None,
            held_back=self.held_back,
        )


def payloads_into(line: Line, showing: "Showing", node: Node) -> tuple[list[bytes], bool]:
    """Return the messages that tell of a picture, at most as many as the channel's limit lets
    through, and whether that is all of them. Once all were sent, `ended` is to be emptied.
    """
    from tocsin.codec.asterix.outgoing import Numbers  # noqa: PLC0415 - loads kernels
    from tocsin.codec.outgoing import PICTURES, Turn  # noqa: PLC0415
    from tocsin.codec.shown_tracks import carried, vouch_into  # noqa: PLC0415

    channel = line.channel
    vouch_into(line.vouched, showing)
    tracks = carried(showing, channel, line.vouched)
    here = {track.id: track for track in tracks}
    line.ended |= {k: t for k, t in line.told.items() if k not in here}
    line.ended = {k: t for k, t in line.ended.items() if k not in here}
    while len(line.ended) > MAX_ENDED:
        del line.ended[next(iter(line.ended))]
        line.held_back += 1
    line.numbers = line.numbers or Numbers()
    turn = Turn(
        showing.now_s, node, channel, _in_turn(tracks, line.turn), list(line.ended.values()),
        showing.sensors, line.numbers, line.count,
    )  # fmt: skip
    line.count += 1
    payloads = PICTURES[channel.kind](turn)
    line.refused += turn.refused
    line.told = here
    kept = payloads[: max(1, int(channel.per_second * channel.period_s))]
    line.held_back += len(payloads) - len(kept)
    line.turn = (line.turn + len(kept)) if len(kept) < len(payloads) else 0
    return kept, len(kept) == len(payloads)


def _in_turn(tracks: "list[ShownTrack]", first: int) -> "list[ShownTrack]":
    """Return those that drive an alarm's step first, then the others beginning with another
    one each time, so that a limit keeps none of them out for good.
    """
    urgent = [t for t in tracks if t.step != Ladder.QUIET]
    others = [t for t in tracks if t.step == Ladder.QUIET]
    at = first % len(others) if others else 0
    return [*urgent, *others[at:], *others[:at]]


def as_one(statuses: list[ChannelStatus]) -> list[ChannelStatus]:
    """Return one row a channel: one that carries warnings and the picture comes in two parts,
    warnings first.
    """
    found: dict[str, ChannelStatus] = {}
    for new in statuses:
        old = found.get(new.id)
        found[new.id] = (
            new
            if old is None
            else msgspec.structs.replace(
                old,
                delivered=old.delivered + new.delivered,
                failed=old.failed + new.failed,
                held_back=old.held_back + new.held_back,
                last_error=new.last_error or old.last_error,
            )
        )
    return list(found.values())
