"""One running watch: opens everything in order, and closes it in the opposite one."""

import asyncio
import contextlib
import fcntl
import functools
import gc
import ipaddress
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from structlog.tracebacks import ExceptionDictTransformer
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tocsin import __version__
from tocsin.errors import CallError, ServiceError, SiteError
from tocsin.model import Entry, Nature, Node, Outcome, Reply
from tocsin.record.importer import Rules, read_rules, shipped_rules
from tocsin.service.app import make_app
from tocsin.service.blocks import name_uas
from tocsin.service.clock import REAL, Clock
from tocsin.service.drill import DRILL_WORD, check_drill, give_way
from tocsin.service.engine import Engine
from tocsin.service.feeds import Feeds
from tocsin.service.hall import Hall
from tocsin.service.housekeeping import keep_house, keep_signing
from tocsin.service.imports import Imports
from tocsin.service.inbox import Inbox
from tocsin.service.journal import read_entries
from tocsin.service.keyring import Keyring
from tocsin.service.listening import open_all
from tocsin.service.live import Hub, hello_frame
from tocsin.service.masking import mask_body, mask_packet, mask_site
from tocsin.service.parents import open_parents
from tocsin.service.patience import PatientHttp
from tocsin.service.people import People
from tocsin.service.pulse import Pulses
from tocsin.service.recovery import Past, Pipeline
from tocsin.service.reveal import revealing
from tocsin.service.scene import Composer, Scene
from tocsin.service.secrets_folder import (
    load_peers,
    load_readers,
    load_sentinels,
    load_tokens,
    read_secret,
)
from tocsin.service.sender import open_sender
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.shelf import Shelf, tell_incidents
from tocsin.service.sirens import tell_sirens
from tocsin.service.tak import rename
from tocsin.service.timestamping import open_stampers
from tocsin.service.witnessing import Couriers

__all__ = ["WatchOptions", "configure_logs", "watch"]

# Below the kernel's default of megabytes, so that a viewer who reads no more is noticed.
SEND_BUFFER_BYTES = 256 * 1024
LOOK_BACK = 1000  # entries of the ledger in which the newest events are looked for at a start
STEP_S = 0.5  # the machine's clock was set if it and the steady one differ by more in a second

_log = structlog.get_logger("tocsin.service")


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What `tocsin watch` was asked for. data: folder of journal, service.sqlite, secrets;
    drill_of: address of the real watch, "" where this is no drill.
    """

    site: Path
    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    clock: Clock = REAL
    note: str = ""
    first_user: str = "officer"
    link: bool = False
    behind_proxy: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    drill_of: str = ""


def watch(options: WatchOptions, say: Callable[[str], None]) -> None:
    """Watch until SIGTERM or SIGINT; `say` gets the sign-in link and the word "ready".

    Raises TocsinError with a sentence where something stands in the way.
    """
    began = time.monotonic()
    text, node = _read_site(options.site)
    _check_binding(options)
    if options.drill_of:
        check_drill(options.drill_of, node)
    _make_folder(options.data)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_locked(options.data / "lock"))
        web = stack.enter_context(contextlib.closing(_bind(options.host, options.port)))
        hall, sink = _open_hall(options, text, node)
        stack.callback(hall.ledger.close)
        _say_link(options, hall, web, say)
        import uvloop  # noqa: PLC0415 - not on every platform

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options, hall, sink, web, say, began))


def configure_logs() -> None:
    """Log JSON lines to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # No local variables: they may hold tokens.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


class _ToLoop:
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


class _SocketProtocol(WebSocketsSansIOProtocol):
    """A close frame does not wait until a stalled viewer reads: it is the last thing sent."""

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: stopping is ours to order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(
    options: WatchOptions,
    hall: Hall,
    sink: _ToLoop,
    web: socket.socket,
    say: Callable[[str], None],
    began: float,
) -> None:
    loop = asyncio.get_running_loop()
    server = _server(options, hall)
    hall.stop = functools.partial(setattr, server, "should_exit", True)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hall.stop)
    sink.loop = loop
    hall.listening.start(loop)
    hall.engine.start()
    tasks = [
        loop.create_task(hall.hub.run()),
        loop.create_task(tell_incidents(hall.shelf, hall.hub, hall.people.reveal)),
        loop.create_task(_count_clock_steps(hall)),
        loop.create_task(_announce(hall, server, say, began)),
        loop.create_task(keep_house(hall)),
        loop.create_task(keep_signing(hall)),
        loop.create_task(_tell_sirens(hall)),
    ]
    if options.drill_of:
        word = read_secret(DRILL_WORD, options.data / "secrets")
        tasks.append(
            loop.create_task(give_way(options.drill_of, word, hall.hub, hall.stop, say))
        )
    try:
        await server.serve(sockets=[web])
    finally:
        for task in tasks:
            task.cancel()
        hall.listening.stop(loop)
        await asyncio.to_thread(hall.engine.stop)
        await asyncio.to_thread(hall.sender.stop)
        await asyncio.to_thread(hall.feeds.stop)
        await asyncio.to_thread(hall.couriers.stop)
        await asyncio.to_thread(hall.stampers.stop)
        hall.sender.outbox.close()
    hall.imports.close()
    hall.keys.close()
    hall.ledger.note("stopped")
    for future in (hall.engine.started, hall.engine.ended):
        if future.done() and (error := future.exception()) is not None:
            raise error


async def _announce(
    hall: Hall, server: uvicorn.Server, say: Callable[[str], None], began: float
) -> None:
    """Say "ready" once it is; end the service if the engine cannot start or dies."""
    try:
        await asyncio.shield(asyncio.wrap_future(hall.engine.started))
        took_s = time.monotonic() - began
        batches = hall.engine.counters.recovered_batches
        hall.sender.start()
        hall.feeds.start()
        hall.couriers.start()
        hall.stampers.start()
        say(f"ready after {took_s:.1f} s" + (f" ({batches} batches recovered)" * bool(batches)))
        _log.info("ready", seconds=round(took_s, 2), recovered_batches=batches)
        gc.freeze()  # what start-up made stays: not to be looked through again and again
        await asyncio.shield(asyncio.wrap_future(hall.engine.ended))
    except asyncio.CancelledError:
        raise
    except Exception:
        server.should_exit = True


async def _tell_sirens(hall: Hall) -> None:
    """Tell the pipeline of siren paths that are lost and found, once it is there."""
    try:
        await asyncio.shield(asyncio.wrap_future(hall.engine.started))
    except Exception:
        return  # an engine that cannot start ends the service, and says why
    await tell_sirens(
        hall.node, hall.sender.sirens, hall.hub.unheard, hall.engine.inbox, hall.clock.now_s
    )


async def _count_clock_steps(hall: Hall) -> None:
    """The machine's clock is set now and then; service time shows it, so it is counted."""
    before = time.time() - time.monotonic()
    while True:
        await asyncio.sleep(1.0)
        now = time.time() - time.monotonic()
        if abs(now - before) > STEP_S:
            hall.clock_steps += 1
            _log.warning("the machine's clock was set", by_s=round(now - before, 3))
        before = now


def _server(options: WatchOptions, hall: Hall) -> uvicorn.Server:
    config = uvicorn.Config(
        revealing(make_app(hall), hall.people),
        http=PatientHttp,
        ws=_SocketProtocol,
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        ws_ping_interval=5.0,
        ws_ping_timeout=10.0,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
    )
    return _Server(config)


def _open_hall(
    options: WatchOptions,
    text: str,
    node: Node,
    load_pipeline: Callable[[], Pipeline] | None = None,
) -> tuple[Hall, _ToLoop]:
    inbox = Inbox()
    mode = _mode_of(node)
    hub = Hub(options.clock, mode, options.note)
    tokens = load_tokens(node, options.data / "secrets")
    stampers = open_stampers(node, options.data, options.clock.now_s)
    keys = Keyring.open(options.data)
    people = People(keys)
    text, node = mask_site(people, text, node, options.clock.now_s())
    sink = _ToLoop(options, node, mode, people)
    listening = open_all(
        node,
        inbox,
        options.clock,
        functools.partial(mask_packet, people),
        functools.partial(rename, people),
        options.data / "secrets",
        functools.partial(mask_body, people),
        functools.partial(name_uas, people),
    )
    ledger = ServiceLedger(options.data / "service.sqlite", people.staff)
    parents = open_parents(node, options.data, options.clock.now_s, ledger.note)
    sender = open_sender(node, options.data, ledger, parents)
    shelf = Shelf()

    def after_commit(entries: Sequence[Entry]) -> None:
        shelf.take(entries)
        sender.take(entries)

    engine = Engine(
        load_pipeline=load_pipeline or _load_pipeline,
        folder=options.data / "journal",
        past=Past(node, text, options.site.name, mode, options.clock, keys),
        clock=options.clock,
        inbox=inbox,
        sink=sink,
        before_commit=people.flush,
        after_commit=after_commit,
        answer=sink.answer,
    )
    hall = Hall(
        node=node,
        site_folder=options.site.resolve().parent,
        data=options.data,
        clock=options.clock,
        ledger=ledger,
        tokens=tokens,
        readers=load_readers(node, options.data / "secrets"),
        peers=load_peers(node, options.data / "secrets"),
        sentinels=load_sentinels(node, options.data / "secrets"),
        pulses=Pulses(
            node,
            mode,
            engine.counters,
            hub,
            options.clock.now_s,
            lambda: engine.not_ready,
            sender.sirens,
        ),
        engine=engine,
        hub=hub,
        listening=listening,
        hosts=_hosts(options),
        sender=sender,
        feeds=Feeds(node, options.data, parents),
        couriers=Couriers(node, options.data, options.clock.now_s),
        stampers=stampers,
        shelf=shelf,
        keys=keys,
        people=people,
        imports=Imports(options.data, keys),
        import_rules=_import_rules(options.data),
        secure_cookies=options.tls_cert is not None,
    )
    sink.hall = hall
    hub.not_ready = lambda: engine.not_ready
    hub.reveal = people.reveal
    ledger.note("started", version=__version__, site=options.site.name, mode=mode)
    return hall, sink


def _load_pipeline() -> Pipeline:
    import tocsin.pipeline  # noqa: PLC0415 - takes time: on the engine's thread
    from tocsin import _jit  # noqa: PLC0415

    _jit.load_kernels()  # a watch that is ready waits for none in mid-stream
    return tocsin.pipeline


def _import_rules(data: Path) -> Rules:
    """Return the rules of the importer: the folder's own, else those of the package."""
    own = data / "import-rules.toml"
    return read_rules(own.read_bytes(), str(own)) if own.exists() else shipped_rules()


def _mode_of(node: Node) -> str:
    """Return how real the most real source is; a node without sensors is live."""
    natures = [Nature.ALL.index(sensor.nature) for sensor in node.sensors]
    return Nature.ALL[min(natures, default=0)]


def _read_site(path: Path) -> tuple[str, Node]:
    from tocsin.codec.site_toml import read_site  # noqa: PLC0415 - loads kernels

    try:
        text = path.read_bytes()
    except OSError as error:
        raise SiteError(
            f"the site file {path} cannot be read: {error.strerror}", path=str(path)
        ) from error
    node = read_site(text, path.name)
    return text.decode(), node


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(options: WatchOptions) -> frozenset[str]:
    """Names in a Host header that are ours; with a certificate or a proxy, those see to it."""
    if options.behind_proxy or options.tls_cert:
        return frozenset()
    return frozenset({"localhost", "127.0.0.1", "::1", options.host})


def _check_binding(options: WatchOptions) -> None:
    if (options.tls_cert is None) != (options.tls_key is None):
        raise CallError("give --tls-cert and --tls-key together, or neither")
    if _is_loopback(options.host) or options.tls_cert or options.behind_proxy:
        return
    raise CallError(
        f"--host {options.host} opens the watch to the network without encryption; give "
        "--tls-cert and --tls-key, or --behind-proxy where a proxy does that, or keep "
        "--host 127.0.0.1"
    )


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(
            f"the data folder {path} cannot be made: {error.strerror}; give another --data",
            path=str(path),
        ) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Only one service at a time uses a data folder; the kernel lets go of it with us."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ServiceError(
            f"the data folder {path.parent} cannot be written: {error.strerror}",
            path=str(path),
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(handle, 32).decode().strip()
        os.close(handle)
        raise ServiceError(
            f"another watch (process {holder or 'unknown'}) uses the data folder "
            f"{path.parent}; stop it, or give this one another --data",
            path=str(path.parent),
        ) from error
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise ServiceError(
            f"the web page cannot be served on {host}:{port} ({error.strerror or error}); give "
            f"another --port, for example {port + 1 if 0 < port < 65_535 else 8081}",
            host=host,
            port=port,
        ) from error
    return bound


def _say_link(
    options: WatchOptions, hall: Hall, web: socket.socket, say: Callable[[str], None]
) -> None:
    """Print a link for the first user; later ones come from an administrator, or --link."""
    scheme = "https" if options.tls_cert else "http"
    shown = f"[{options.host}]" if ":" in options.host else options.host
    url = f"{scheme}://{shown}:{web.getsockname()[1]}"
    users = hall.ledger.users()
    if users and not options.link:
        say(f"Open {url}/")
        return
    if not users:
        roles = ("watch officer", "incident officer", "administrator")
        hall.ledger.set_user(options.first_user, roles, by="start")
    name = options.first_user if not users else next(iter(users))
    token = hall.ledger.new_link(name, loopback=True)
    say(f"Open {url}/enter?token={token}")
