"""Heartbeats of the siren path: each channel that has them is tried again and again by a thread
of its own, whether a warning waits or not.

Heard means taken: a 2xx of the web server, the broker's acknowledgement (QoS 1).
"""

import http.client
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.model import Channel, Node
from tocsin.service.handing_over import RefusedError, hand_over
from tocsin.service.outbox import Waiting

__all__ = ["MQTT_SUFFIX", "Heartbeats", "Pulse"]

MQTT_SUFFIX = "/heartbeat"  # of the topic: nobody who waits for warnings hears it


@dataclass(slots=True)
class Pulse:
    """How one channel stands; steady seconds. since_at: the first try, for what was never
    heard.
    """

    since_at: float
    heard_at: float | None = None
    sent: int = 0
    failed: int = 0
    error: str = ""

    def age_s(self) -> float:
        """Return seconds since it was heard, or since it ought to have been."""
        at = self.since_at if self.heard_at is None else self.heard_at
        return time.monotonic() - at


@dataclass(slots=True)
class Heartbeats:
    """`start` once; `pulses` by channel id. channels: the open ones; tokens: by channel id."""

    node: Node
    data: Path
    channels: list[Channel]
    tokens: dict[str, str]
    pulses: dict[str, Pulse] = field(default_factory=dict)
    _run: str = field(default_factory=lambda: secrets.token_hex(8))
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin with every channel that has a heartbeat."""
        for channel in self.channels:
            if channel.heartbeat_s <= 0.0:
                continue
            self.pulses[channel.id] = Pulse(time.monotonic())
            thread = threading.Thread(
                target=self._beat, args=(channel,), name=f"beat-{channel.id}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 6.0) -> None:
        """End; a try that is under way has its time-out."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _beat(self, channel: Channel) -> None:
        pulse = self.pulses[channel.id]
        while not self._stopping.is_set():
            began = time.monotonic()
            pulse.sent += 1
            pulse.error = self._try(channel, pulse.sent)
            if pulse.error:
                pulse.failed += 1
            else:
                pulse.heard_at = time.monotonic()
            rest_s = channel.heartbeat_s - (time.monotonic() - began)
            self._stopping.wait(max(0.2, rest_s))

    def _try(self, channel: Channel, number: int) -> str:
        """Send one; return what went wrong, "" where it was taken."""
        # The forms of messages take a while to load: a start does not wait for them.
        from tocsin.codec.outgoing import sender_of  # noqa: PLC0415
        from tocsin.codec.outgoing_heartbeats import HEARTBEATS, Beat  # noqa: PLC0415

        name = f"tocsin-beat-{self._run}-{number}"
        beat = Beat(name, sender_of(self.node), time.time(), channel.heartbeat_s)
        formed = HEARTBEATS[channel.kind](beat, channel)
        message = Waiting(
            number, name, "heartbeat", formed.media_type, formed.body, beat.sent_s, 0
        )
        if channel.to.startswith("mqtt"):
            channel = replace(channel, to=channel.to.rstrip("/") + MQTT_SUFFIX)
        try:
            hand_over(message, channel, self.data, self.tokens.get(channel.id, ""))
        except RefusedError as refused:
            return str(refused)
        except (OSError, ValueError, http.client.HTTPException, TocsinError) as failed:
            return f"{type(failed).__name__}: {failed}"
        return ""
