"""What the watch remembers of protected volumes, and of operations that people suspended."""

from dataclasses import dataclass, field

from tocsin.model import Conflict, Node, Operations, VolumeStatus

__all__ = ["StandingConflict", "VolumeWatch", "open_operations", "open_volumes"]


@dataclass(slots=True)
class StandingConflict:
    """A conflict that was told, and when it was last seen."""

    conflict: Conflict
    last_s: float


@dataclass(slots=True)
class VolumeWatch:
    """Of each volume how it stands.

    seen: by place in `statuses`, how many looks in a row have found more than is told (below 0:
    less), or somebody who is not told; told: by place, the tracks that were told since it was
    free; near: by "track traffic site volume", looks in a row that found a conflict that is
    not told yet; standing: those that are; looked_s: the newest look; left_out: things that it
    did not take.
    """

    statuses: list[VolumeStatus]
    seen: dict[int, int] = field(default_factory=dict)
    told: dict[int, tuple[int, ...]] = field(default_factory=dict)
    near: dict[str, int] = field(default_factory=dict)
    standing: dict[str, StandingConflict] = field(default_factory=dict)
    looked_s: float = float("nan")
    left_out: int = 0


def open_volumes(node: Node) -> VolumeWatch:
    """Return the watch of a node's volumes before the first look."""
    return VolumeWatch(
        [VolumeStatus(site.id, volume.id) for site in node.sites for volume in site.volumes]
    )


def open_operations(node: Node) -> list[Operations]:
    """Return the operations of each site before anybody has decided anything: not suspended."""
    return [Operations(site.id) for site in node.sites]
