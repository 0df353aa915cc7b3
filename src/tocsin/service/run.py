"""One running watch: opens everything in order, and closes it in the opposite one."""

import asyncio
import contextlib
import functools
import gc
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable

import structlog
import uvicorn
from structlog.tracebacks import ExceptionDictTransformer

from tocsin.service.drill import DRILL_WORD, check_drill, give_way
from tocsin.service.engine import has_started
from tocsin.service.hall import Hall
from tocsin.service.housekeeping import keep_house, keep_signing
from tocsin.service.oidc import check_provider
from tocsin.service.opening import open_hall, read_watched_site
from tocsin.service.premises import bind, check_binding, locked, make_folder
from tocsin.service.secrets_folder import read_secret
from tocsin.service.shelf import tell_incidents
from tocsin.service.sink import ToLoop
from tocsin.service.sirens import tell_sirens
from tocsin.service.taking_up import take_up_site
from tocsin.service.wall import EASED_S
from tocsin.service.watch_options import WatchOptions
from tocsin.service.web_server import web_server
from tocsin.service.witness_api import sweep

__all__ = ["configure_logs", "watch"]

STEP_S = 0.5  # the machine's clock was set if it and the steady one differ by more in a second

_log = structlog.get_logger("tocsin.service")


def watch(options: WatchOptions, say: Callable[[str], None]) -> None:
    """Watch until SIGTERM or SIGINT; `say` gets the sign-in link and the word "ready".

    Raises TocsinError with a sentence where something stands in the way.
    """
    began = time.monotonic()
    watched = read_watched_site(options)
    check_binding(options)
    if options.drill_of:
        check_drill(options.drill_of, watched.node)
    if options.oidc_issuer:
        check_provider(options.oidc_issuer, options.oidc_client)
    make_folder(options.data)
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(options.data / "lock"))
        sweep(options.data)
        web = stack.enter_context(contextlib.closing(bind(options.host, options.port)))
        watched = take_up_site(options, watched, say)
        hall, sink = open_hall(options, watched.text, watched.node)
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


async def _serve(
    options: WatchOptions,
    hall: Hall,
    sink: ToLoop,
    web: socket.socket,
    say: Callable[[str], None],
    began: float,
) -> None:
    loop = asyncio.get_running_loop()
    server = web_server(options, hall)
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
    hall.ledger.note_if_room("stopped")
    for future in (hall.engine.started, hall.engine.ended):
        if future.done() and (error := future.exception()) is not None:
            raise error


async def _announce(
    hall: Hall, server: uvicorn.Server, say: Callable[[str], None], began: float
) -> None:
    """Say "ready" once it is; end the service if the engine cannot start or dies."""
    try:
        if not await has_started(hall.engine):
            server.should_exit = True
            return
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
    if not await has_started(hall.engine):
        return
    await tell_sirens(
        hall.node, hall.sender.sirens, hall.hub.unheard, hall.engine.inbox, hall.clock.now_s
    )


async def _count_clock_steps(hall: Hall) -> None:
    """The machine's clock is set now and then; it is counted, and the service's ledger, which
    goes by that clock, says when it was set by more than what is eased in.
    """
    before = time.time() - time.monotonic()
    while True:
        await asyncio.sleep(1.0)
        now = time.time() - time.monotonic()
        if abs(now - before) > STEP_S:
            hall.note_clock_step(now - before)
            by_s = round(now - before, 3)
            _log.warning("the machine's clock was set", by_s=by_s)
            if abs(by_s) > EASED_S:
                hall.ledger.note_if_room("clock set", by_s=by_s)
        before = now


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
    try:
        say(f"Open {url}/enter?token={_first_link(options, hall, users)}")
    except sqlite3.Error as error:  # it watches and warns all the same
        _log.error("no sign-in link could be made: the disk takes nothing", reason=str(error))
        say(f"Open {url}/")


def _first_link(options: WatchOptions, hall: Hall, users: dict[str, tuple[str, ...]]) -> str:
    if not users:
        roles = ("watch officer", "incident officer", "administrator")
        hall.ledger.set_user(options.first_user, roles, by="start")
    name = options.first_user if not users else next(iter(users))
    return hall.ledger.new_link(name, loopback=True)
