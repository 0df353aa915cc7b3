"""What a running watch says of its sensors, read from its metrics, with a sentence for each."""

import contextlib
import json
import math
import re
import time
import urllib.error
import urllib.request
from typing import Any

from tocsin.errors import CallError
from tocsin.report.findings import finding_words

__all__ = ["live_facts"]

TIMEOUT_S = 10.0
RATE_S = 2.0  # between the two looks of which a rate is made
LARGEST = 8 * 1024 * 1024
_LINE = re.compile(r'^tocsin_(\w+?)(?:_total)?(?:\{(.*)\})? (\S+)$')  # fmt: skip
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

# In what a sensor is found to be plainly other than its site file says.
_FOUND = {
    "false_alarms": "sensor_false_alarms",
    "clutter_cells": "sensor_clutter_cells",
    "scatter": "sensor_scatter",
    "detection": "sensor_detection_probability",
    "range_error_m": "sensor_range_error_metres",
    "azimuth_error_deg": "sensor_azimuth_error_degrees",
    "elevation_error_deg": "sensor_elevation_error_degrees",
    "time_error_s": "sensor_time_error_seconds",
}

Sample = tuple[dict[str, str], float]


def live_facts(url: str) -> dict[str, Any]:
    """Return what the watch at that address says now: sensors (each with a sentence), what was
    lost on the way in, the state of each address, how far its time is ahead of its machine's
    clock, and why it does not watch, "" while it does. Raises CallError where nothing answers.
    """
    first, began = _samples(url), time.monotonic()
    time.sleep(RATE_S)
    newest, over_s = _samples(url), time.monotonic() - began
    before = _by(first, "sensor_detections")
    drops = _by(newest, "kernel_drops", "address")
    sensors = []
    for labels, _ in newest.get("sensor_state", []):
        sensor = labels["sensor"]
        found = _by(newest, "sensor_detections").get(sensor, 0.0)
        heard_s = _by(newest, "sensor_heard_age_seconds").get(sensor)
        one = {
            "sensor": sensor,
            "state": labels["state"],
            "heard_ago_s": None if heard_s is None else round(heard_s, 1),
            "frames": int(_by(newest, "sensor_frames").get(sensor, 0.0)),
            "detections": int(found),
            "detections_per_s": round((found - before.get(sensor, found)) / over_s, 1),
            "clock_offset_s": round(
                _by(newest, "sensor_clock_offset_seconds").get(sensor, 0.0), 3
            ),
            "rejected": _reasons(newest, "rejected", sensor),
            "lost": _reasons(newest, "inbox_losses", sensor),
            "found": {
                name: round(value, 2)
                for name, family in _FOUND.items()
                if (value := _by(newest, family).get(sensor, 0.0))
            },
        }
        sensors.append(one | {"says": _sentence(one)})
    return {
        "url": url,
        "not_ready": "" if newest["ready"][0][1] else _why_not_ready(url),
        "clock_ahead_s": newest.get("clock_ahead_seconds", [({}, 0.0)])[0][1],
        "sensors": sorted(sensors, key=lambda one: (one["state"] == "ok", one["sensor"])),
        "kernel_drops": {address: int(n) for address, n in drops.items() if n},
        "connections": {
            labels["address"]: labels["state"] for labels, _ in newest.get("connection", [])
        },
    }  # fmt: skip


def _samples(url: str) -> dict[str, list[Sample]]:
    address = url.rstrip("/") + "/metrics"
    if not address.startswith(("http://", "https://")):
        raise CallError(f"--live is {url!r}; give for example http://127.0.0.1:8080", url=url)
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310
            text = answer.read(LARGEST).decode("utf-8", "replace")
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CallError(
            f"the watch at {url} does not answer ({reason}); give the address of its page, on "
            "the machine that it runs on",
            url=url,
        ) from error
    found: dict[str, list[Sample]] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is not None:
            labels = {name: _plain(value) for name, value in _LABEL.findall(match[2] or "")}
            found.setdefault(match[1], []).append((labels, float(match[3])))
    if "ready" not in found:
        raise CallError(f"what answers at {url} is no watch of Tocsin", url=url)
    return found


def _why_not_ready(url: str) -> str:
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/readyz", timeout=TIMEOUT_S):  # noqa: S310
            return ""  # it has become so between the two questions
    except urllib.error.HTTPError as error:
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            return str(json.loads(error.read(LARGEST))["error"])
    except (OSError, ValueError):
        pass
    return "it does not say why"


def _plain(value: str) -> str:
    return value.replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\")


def _by(samples: dict[str, list[Sample]], name: str, label: str = "sensor") -> dict[str, float]:
    return {
        labels[label]: value
        for labels, value in samples.get(name, [])
        if label in labels and not math.isnan(value)
    }


def _reasons(samples: dict[str, list[Sample]], name: str, sensor: str) -> dict[str, int]:
    return {
        labels["reason"]: int(value)
        for labels, value in samples.get(name, [])
        if labels.get("source") == sensor and value
    }


def _sentence(one: dict[str, Any]) -> str:
    """Say what is wrong with a sensor and what to look at; the page says the same."""
    ago = "" if one["heard_ago_s"] is None else f"{one['heard_ago_s']:.0f} s"
    refused = sum(one["rejected"].values())
    words = {
        "never heard": "nothing has come yet: is it switched on, and does it send to the "
        "address in the site file?",
        "silent": f"nothing for {ago}: look at its power, its cable and its network",
        "late": f"late ({ago}): the link is slow, it turns slower than the site file says, or, "
        "where it only listens, nothing near it sends",
        "fault": "it says itself that it does not detect: read its own display",
        "clock fault": "its clock is more than 30 s off: set it; till then it is not tracked",
        "contradicts": "it disagrees with the others: check its bearing, position and range",
        "no pose": "the site file does not say where it stands: its reports make no track",
    }
    if one["state"] in words:
        return words[one["state"]]
    if lost := sum(one["lost"].values()):
        return f"it sends more than can be taken ({lost} lost, nobody else's): slow it down"
    if refused > max(10, one["frames"] / 10):
        return "it is heard, but much of it cannot be used: see the reasons"
    return "; ".join(finding_words(one["found"])) or "heard and used"
