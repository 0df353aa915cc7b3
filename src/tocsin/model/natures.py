"""What is said of a thing is as real as who heard it, and no more real than it says itself."""

from tocsin.model.detections import DetectionBatch
from tocsin.model.frames import Nature
from tocsin.model.sites import Node

__all__ = ["mode_of", "nature_at"]


def nature_at(node: Node, sensor: int, flags: int) -> int:
    """Return the place in Nature.ALL of what a sensor of the roster (its index) told with
    these flags of a DetectionBatch.
    """
    told = 0
    if flags & DetectionBatch.SIMULATED_TARGET:
        told = Nature.ALL.index(Nature.SIMULATED)
    elif flags & DetectionBatch.EXERCISE_TARGET:
        told = Nature.ALL.index(Nature.EXERCISE)
    if 0 <= sensor < len(node.sensors):
        return max(told, Nature.ALL.index(node.sensors[sensor].nature))
    return told


def mode_of(node: Node) -> str:
    """Return how real the most real source is; a node without sensors is live."""
    natures = [Nature.ALL.index(sensor.nature) for sensor in node.sensors]
    return Nature.ALL[min(natures, default=0)]
