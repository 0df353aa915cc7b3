"""Detection reports of a node as columns of DetectionBatch."""

import math
from typing import Any

from tocsin.codec.sapient.classes import class_scores
from tocsin.codec.sapient.lineage import number_of
from tocsin.codec.sapient.nodes import RANGE_RATE, NodeState
from tocsin.codec.sapient.places import bearing_columns, location_columns
from tocsin.model import Report

__all__ = ["detection_columns", "seconds_of"]

SPEED_LIMIT_MPS = 1e4


def seconds_of(stamp: Any) -> float:
    """Return Unix seconds of a protobuf Timestamp."""
    return float(stamp.seconds) + float(stamp.nanos) * 1e-9


def detection_columns(
    report: Any, node: NodeState, time_s: float, geoid_m: float
) -> dict[str, Any] | str:
    """Return one detection (without sensor and arrival), or why it has no place."""
    if report.HasField("location"):
        found = location_columns(report.location, geoid_m, node.zone)
    elif report.HasField("range_bearing"):
        found = bearing_columns(report.range_bearing)
    else:
        return "it has neither a location nor a range and bearing"
    if isinstance(found, str):
        return found
    found["time_s"] = time_s
    found["report"] = Report.TRACK if node.tracks else Report.PLOT
    if node.tracks:
        found["sensor_track_id"] = number_of(report.object_id)
    if report.HasField("enu_velocity"):
        _velocity_into(found, report.enu_velocity, node)
    if not math.isnan(node.range_rate_mps):
        _range_rate_into(found, report.object_info, node)
    scores = class_scores(report.classification)
    if scores is not None:
        found["class_scores"] = scores
    return found


def _velocity_into(columns: dict[str, Any], said: Any, node: NodeState) -> None:
    rates = {
        "vel_east_mps": said.east_rate * node.east_north_mps,
        "vel_north_mps": said.north_rate * node.east_north_mps,
    }
    if said.HasField("up_rate"):
        rates["vel_up_mps"] = said.up_rate * node.up_mps
    if not all(abs(rate) <= SPEED_LIMIT_MPS for rate in rates.values()):
        return
    columns |= rates
    if said.HasField("east_rate_error") and said.HasField("north_rate_error"):
        east = said.east_rate_error * node.east_north_mps
        north = said.north_rate_error * node.east_north_mps
        sigma_mps = math.sqrt((east * east + north * north) / 2.0)
        if 0.0 < sigma_mps < SPEED_LIMIT_MPS:
            columns["sigma_velocity_mps"] = sigma_mps


def _range_rate_into(columns: dict[str, Any], information: Any, node: NodeState) -> None:
    """Take the range rate, where one is said; what is no number is as if it were not said."""
    for item in information:
        if item.type != RANGE_RATE:
            continue
        try:
            rate_mps = float(item.value) * node.range_rate_mps
        except ValueError:
            continue
        if abs(rate_mps) <= SPEED_LIMIT_MPS:
            columns["range_rate_mps"] = rate_mps
            error_mps = item.error * node.range_rate_mps
            if 0.0 < error_mps < SPEED_LIMIT_MPS:
                columns["sigma_range_rate_mps"] = error_mps
