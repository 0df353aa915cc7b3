"""The web server of a watch, with its bounds."""

import contextlib
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tocsin.service.app import make_app
from tocsin.service.hall import Hall
from tocsin.service.patience import PatientHttp
from tocsin.service.reveal import revealing
from tocsin.service.watch_options import WatchOptions

__all__ = ["WebServer", "web_server"]


class _SocketProtocol(WebSocketsSansIOProtocol):
    """A close frame does not wait until a stalled viewer reads: it is the last thing sent."""

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)


class WebServer(uvicorn.Server):
    """Uvicorn without its own signal handlers: stopping is ours to order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def web_server(options: WatchOptions, hall: Hall) -> uvicorn.Server:
    config = uvicorn.Config(
        revealing(make_app(hall), hall.people, hall.ledger.account),
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
    return WebServer(config)
