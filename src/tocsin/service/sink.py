"""From the engine's thread to the event loop: what was stepped, and what is durable."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from tocsin import __version__
from tocsin.model import Node, Outcome, Reply
from tocsin.service.hall import Hall
from tocsin.service.journal import read_entries
from tocsin.service.live import hello_frame
from tocsin.service.people import People
from tocsin.service.recovery import Pipeline
from tocsin.service.scene import Composer, Scene
from tocsin.service.watch_options import WatchOptions

__all__ = ["ToLoop"]

LOOK_BACK = 1000  # entries of the ledger in which the newest events are looked for at a start


class ToLoop:
    """The engine's sink: composes on its thread, hands over to the event loop."""

    def __init__(self, options: WatchOptions, node: Node, mode: str, people: People) -> None:
        self.hall: Hall | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._options, self._node, self._mode = options, node, mode
        self._composer, self._people = Composer(node), people

    def ready(self, node: Node, state: Any, pipeline: Pipeline) -> None:
        from tocsin.service.node_info import node_info  # noqa: PLC0415 - loads kernels

        options = self._options
        info = node_info(node, options.clock, self._mode, options.note, __version__)
        assert self.hall is not None
        register, head = pipeline.register_of(state)
        self.hall.shelf.begin(register, head)
        folder, after = options.data / "journal", register.last_entry - LOOK_BACK
        self._composer.remember(read_entries(folder, after=after))
        self._call(self._set_ready, info, hello_frame(info, __version__))

    def take(self, outcome: Outcome, number: int, roster: list[str]) -> None:
        if outcome.picture is not None and self.hall is not None:
            self.hall.feeds.offer(outcome.picture, number)
        scene = self._composer.take(outcome, number, roster)
        if scene is not None:
            self._call(self._offer, scene.revealed(self._people.reveal))

    def committed(self, number: int) -> None:
        if self.hall is not None:
            self._call(self.hall.hub.committed, number)
            self.hall.feeds.committed(number)

    def answer(self, replies: Sequence[Reply]) -> None:
        """Send what sensors are answered, from the engine's thread."""
        if self.hall is not None:
            self._call(self.hall.listening.answer, replies)

    def _set_ready(self, info: object, hello: bytes) -> None:
        assert self.hall is not None
        self.hall.node_info, self.hall.hub.hello = info, hello

    def _offer(self, scene: Scene) -> None:
        assert self.hall is not None
        self.hall.sensors = scene.sensors
        self.hall.hub.offer(scene)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        # The loop is closed while the last batch of a clean stop is stepped: nobody looks on.
        with contextlib.suppress(RuntimeError):
            if self.loop is not None:
                self.loop.call_soon_threadsafe(function, *args)
