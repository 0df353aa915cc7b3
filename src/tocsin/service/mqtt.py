"""MQTT 3.1.1 (OASIS, 2014) both ways: warnings and the picture to a broker, sensors from one.

A publication at QoS 1 counts as handed over once the broker has acknowledged it; one that a
sensor sent at QoS 1 is acknowledged once it is on disk.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

from tocsin.errors import ServiceError
from tocsin.model import Channel
from tocsin.service.addresses import Address
from tocsin.service.clock import Clock
from tocsin.service.engine import PutAsideError
from tocsin.service.inbox import Arrival, Inbox, Receipt
from tocsin.service.tls import client_context

__all__ = ["MqttCarrier", "MqttReader", "need_client", "publish"]

CALL_S = 5.0
KEEPALIVE_S = 30
PORTS = {"mqtt": 1883, "mqtts": 8883}  # IANA
LARGEST = 4 * 1024 * 1024  # octets of one publication that is taken: as of a post

_log = structlog.get_logger("tocsin.mqtt")
Mask = Callable[[bytes, float], bytes]


def need_client() -> None:
    """Raise ServiceError where the package for MQTT is not installed."""
    _client("", "", "", None)


def _client(name: str, user: str, word: str, tls: ssl.SSLContext | None, **more: Any) -> Any:
    try:
        from paho.mqtt.client import Client  # noqa: PLC0415 - an extra
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
    except ImportError as error:
        raise ServiceError(
            "the site file speaks MQTT, and the package for it is not installed; install "
            "tocsin[mqtt]"
        ) from error
    made = Client(CallbackAPIVersion.VERSION2, client_id=name, **more)
    made.connect_timeout = CALL_S
    if user:
        made.username_pw_set(user, word or None)
    if tls is not None:
        made.tls_set_context(tls)
    return made


class _Publisher:
    """One connection to a broker, to one topic."""

    def __init__(self, channel: Channel, data: Path, token: str) -> None:
        parts = urlsplit(channel.to)
        self._where = parts.hostname or "", parts.port or PORTS[parts.scheme]
        self._topic = unquote(parts.path.strip("/"))
        context = None
        if parts.scheme == "mqtts":
            context = client_context(channel.tls, channel.tls_authority, data / "secrets")
        # Without a name of its own: a broker lets go of an older connection of the same name.
        self._client = _client("", unquote(parts.username or ""), token, context)
        self._refused = ""
        self._answered = threading.Event()
        self._client.on_connect = self._connected

    def _connected(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        self._refused = f"the broker refuses: {reason}" if reason.is_failure else ""
        self._answered.set()

    def open(self) -> None:
        """Connect. Raises OSError with a reason."""
        self._client.connect(*self._where, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        if not self._answered.wait(CALL_S):
            raise TimeoutError("the broker does not answer")
        if self._refused:
            raise OSError(self._refused)

    def publish(self, body: bytes, *, qos: int) -> None:
        """Hand one message to the broker, and wait until it has it (QoS 1). Raises OSError."""
        info = self._client.publish(self._topic, body, qos=qos)
        try:
            info.wait_for_publish(CALL_S)
        except (RuntimeError, ValueError) as error:
            raise OSError(f"the broker is lost: {error}") from error
        if not info.is_published():
            raise TimeoutError("the broker does not acknowledge")

    def close(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()


def publish(body: bytes, channel: Channel, data: Path, token: str) -> None:
    """Hand one message to a broker at QoS 1; returns once it has it. Raises OSError."""
    publisher = _Publisher(channel, data, token)
    try:
        publisher.open()
        publisher.publish(body, qos=1)
    finally:
        publisher.close()


class MqttCarrier:
    """The picture, each anew at QoS 0: a newer one follows."""

    def __init__(self, channel: Channel, data: Path, token: str) -> None:
        self._make = partial(_Publisher, channel, data, token)
        self._publisher: _Publisher | None = None

    def send(self, payload: bytes) -> None:
        """Publish. Raises OSError."""
        if self._publisher is None:
            made = self._make()
            try:
                made.open()
            except OSError:
                made.close()
                raise
            self._publisher = made
        self._publisher.publish(payload, qos=0)

    def close(self) -> None:
        """Let the connection go."""
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None


class MqttReader:
    """Subscribes to a topic of a broker; each publication is a payload of the sensor.

    mask: gives what is personal in a body other names. name: under which the broker keeps what
    comes while we are away, and what was not acknowledged, for as long as it likes.
    """

    def __init__(
        self,
        address: Address,
        source: str,
        inbox: Inbox,
        clock: Clock,
        *,
        name: str,
        word: str = "",
        tls: ssl.SSLContext | None = None,
        mask: Mask | None = None,
    ) -> None:
        self.address = address
        self.state = "not called yet"
        self._source, self._inbox, self._clock = source, inbox, clock
        self._mask = mask or (lambda body, _: body)
        self._client = _client(
            name, address.user, word, tls, clean_session=False, manual_ack=True
        )
        self._client.reconnect_delay_set(1, 10)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._failed
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._take
        self._refused = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to call; the client's own thread calls again whenever the broker is lost."""
        self._client.connect_async(self.address.host, self.address.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def release(self) -> None:
        """Nothing is held before `start`."""

    def _connected(self, client: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self.state = f"the broker refuses: {reason}"
            return
        self.state = "connected, not subscribed yet"
        client.subscribe(self.address.topic, qos=1)

    def _subscribed(self, _c: Any, _u: Any, _m: Any, reasons: Any, _p: Any) -> None:
        self.state = "connected"
        if any(reason.is_failure for reason in reasons):
            self.state = f"the broker does not let us hear {self.address.topic!r}"

    def _failed(self, *_: Any) -> None:
        self.state = "the broker cannot be reached; calling again"

    def _disconnected(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if not self.state.startswith("the broker refuses"):
            self.state = f"the broker hung up ({reason}); calling again"

    def _take(self, client: Any, user: Any, message: Any) -> None:
        try:
            self._take_one(client, message)
        except Exception as error:  # else the client's thread would end, and nothing be heard
            _log.error("a publication was lost", sensor=self._source, exc_info=error)
            self.state = f"connected; a publication was lost ({type(error).__name__})"

    def _take_one(self, client: Any, message: Any) -> None:
        now_s = self._clock.now_s()
        body = bytes(message.payload)
        if len(body) > LARGEST:  # the decoder counts it: it is no body
            body = body[:64]
        body = self._mask(body, now_s)
        reply: Future[Receipt] | None = None
        if message.qos:
            reply = Future()
            done = partial(self._answer, client, message.mid, message.qos)
            reply.add_done_callback(done)
        if not self._inbox.put([Arrival(self._source, now_s, body, self.address.text, reply)]):
            self._refused += 1
            self.state = f"connected, {self._refused} not taken for want of room"

    @staticmethod
    def _answer(client: Any, mid: int, qos: int, reply: "Future[Receipt]") -> None:
        """Acknowledge what is on disk, and what never will be: it lies in quarantine."""
        error = reply.exception()
        if error is None or isinstance(error, PutAsideError):
            client.ack(mid, qos)
