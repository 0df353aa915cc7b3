"""Counters in Prometheus' text format, read when they are asked for."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from tocsin.service.api_structs import Status
    from tocsin.service.hall import Hall

__all__ = ["metrics_text"]


class _FromStatus(Collector):
    def __init__(self, hall: "Hall") -> None:
        self._hall = hall

    def collect(self) -> Iterator[Metric]:
        status = self._hall.status()
        yield _counter("frames", "Frames taken, by source", "source", status.frames)
        yield _counter("records", "Decoded records, by kind", "kind", status.records)
        for name, value, words in (
            ("detections", status.detections, "Detections"),
            ("duplicates", status.duplicates, "Reports that came twice by two paths"),
            ("batches", status.batches, "Batches stepped"),
            ("failed_steps", status.failed_steps, "Steps that the pipeline failed on"),
            ("failed_commits", status.failed_commits, "Commits that the disk refused"),
            ("lost_batches", status.lost_batches, "Batches never stored (disk full too long)"),
            ("viewers_closed_behind", status.closed_behind, "Viewers closed with 4008"),
        ):
            yield CounterMetricFamily(f"tocsin_{name}", words, value=value)
        yield _by_reason("rejected", "Input that could not be used", status.rejected)
        yield _counter("denied", "What people asked for and may not", "what", status.denied)
        yield _by_reason("put_aside", "Frames that the pipeline failed on", status.put_aside)
        yield _by_reason("inbox_losses", "Arrivals for which there was no room", status.inbox)
        yield _counter(
            "kernel_drops", "Datagrams thrown away by the kernel", "address",
            status.kernel_drops,
        )  # fmt: skip
        yield GaugeMetricFamily("tocsin_ready", "1 while watching", value=float(status.ready))
        yield GaugeMetricFamily(
            "tocsin_disk_refuses", "1 while the journal cannot be written",
            value=float(bool(status.disk_error)),
        )  # fmt: skip
        yield GaugeMetricFamily(
            "tocsin_clock_ahead_seconds", "Of the watch, beside the machine's clock",
            value=status.clock_ahead_s,
        )  # fmt: skip
        yield GaugeMetricFamily("tocsin_viewers", "Live sockets", value=status.viewers)
        yield GaugeMetricFamily(
            "tocsin_journal_batch", "Last batch on disk", value=status.journal_batch
        )
        yield _counter(
            "warnings_delivered", "Messages handed over, by channel", "channel",
            {c.id: c.delivered for c in status.channels},
        )  # fmt: skip
        yield _counter(
            "warnings_failed", "Messages given up, by channel", "channel",
            {c.id: c.failed for c in status.channels},
        )  # fmt: skip
        yield _counter(
            "pictures_held_back", "Messages kept back by a channel's limit", "channel",
            {c.id: c.held_back for c in status.channels if c.held_back},
        )  # fmt: skip
        yield _counter(
            "stamps", "Checkpoints stamped with the time, by authority", "authority",
            {s.id: s.stamped for s in status.timestamps},
        )  # fmt: skip
        refused = CounterMetricFamily(
            "tocsin_stamps_failed", "Tries to have one stamped", labels=["authority", "reason"]
        )
        for stamper in status.timestamps:
            for reason, count in stamper.failed.items():
                refused.add_metric([stamper.id, reason], count)
        yield refused
        waiting = GaugeMetricFamily(
            "tocsin_warnings_waiting", "Messages on their way, by channel", labels=["channel"]
        )
        for channel in status.channels:
            waiting.add_metric([channel.id], channel.queued)
        yield waiting
        yield from _sensors(status)
        yield from self._times()

    def _times(self) -> Iterator[Metric]:
        status = self._hall.status()
        family = GaugeMetricFamily(
            "tocsin_time_seconds", "Of the newest 2,000", labels=["what", "quantile"]
        )
        for what in ("step", "commit", "durable"):
            quantiles = getattr(status, what)
            for share, value in (("0.5", quantiles.p50_ms), ("0.99", quantiles.p99_ms)):
                if value is not None:
                    family.add_metric([what, share], value / 1000.0)
        yield family


def _sensors(status: "Status") -> Iterator[Metric]:
    """What the picture says of each sensor; a sensor that was never heard has no age."""
    state = GaugeMetricFamily(
        "tocsin_sensor_state", "1 for the state it is in", labels=["sensor", "state"]
    )
    gauges = {
        key: GaugeMetricFamily(f"tocsin_sensor_{name}", words, labels=["sensor"])
        for key, name, words in (
            ("age", "heard_age_seconds", "Since it was heard last"),
            ("frames", "frames", "Frames of it that were taken"),
            ("detections", "detections", "Its detections"),
            ("clock_offset_s", "clock_offset_seconds", "How its clock is corrected"),
            ("false_alarms", "false_alarms", "In a scan, where far more than stated"),
            ("clutter_cells", "clutter_cells", "Parts of its view thick with false alarms"),
            ("scatter", "scatter", "Times its stated sigmas, where plainly more"),
            ("detection", "detection_probability", "As found, where plainly less than stated"),
            ("range_error_m", "range_error_metres", "Taken off what it reports"),
            ("azimuth_error_deg", "azimuth_error_degrees", "Taken off what it reports"),
            ("elevation_error_deg", "elevation_error_degrees", "Taken off what it reports"),
            ("time_error_s", "time_error_seconds", "Taken off what it stamps"),
        )
    }
    for sensor in status.sensors:
        name = str(sensor["sensor_id"])
        state.add_metric([name, str(sensor["state"])], 1.0)
        age_s = status.now_s - float(str(sensor["heard_s"]))
        for key, family in gauges.items():
            value = age_s if key == "age" else float(str(sensor[key]))
            if math.isfinite(value):
                family.add_metric([name], value)
    yield state
    yield from gauges.values()
    connection = GaugeMetricFamily(
        "tocsin_connection", "1 for the state of each address", labels=["address", "state"]
    )
    for address, words in status.connections.items():
        connection.add_metric([address, words], 1.0)
    yield connection


def metrics_text(hall: "Hall") -> bytes:
    """Return the metrics of a service as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FromStatus(hall))
    return generate_latest(registry)


def _counter(name: str, words: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"tocsin_{name}", words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _by_reason(name: str, words: str, values: Mapping[str, Mapping[str, int]]) -> Metric:
    family = CounterMetricFamily(f"tocsin_{name}", words, labels=["source", "reason"])
    for source, reasons in values.items():
        for reason, value in reasons.items():
            family.add_metric([source, reason], value)
    return family
