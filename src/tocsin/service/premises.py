"""Where a watch runs: its data folder, which no other may use meanwhile, and its address."""

import contextlib
import fcntl
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from tocsin.errors import CallError, ServiceError
from tocsin.service.watch_options import WatchOptions

__all__ = ["bind", "check_binding", "hosts_of", "locked", "make_folder"]

# Below the kernel's default of megabytes, so that a viewer who reads no more is noticed.
SEND_BUFFER_BYTES = 256 * 1024


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts_of(options: WatchOptions) -> frozenset[str]:
    """Names in a Host header that are ours; with a certificate or a proxy, those see to it."""
    if options.behind_proxy or options.tls_cert:
        return frozenset()
    return frozenset({"localhost", "127.0.0.1", "::1", options.host})


def check_binding(options: WatchOptions) -> None:
    """Raise CallError or ServiceError for an address or a certificate of the page that cannot
    be, before anything is opened.
    """
    if not 0 <= options.port <= 65_535:
        raise CallError(f"--port {options.port} cannot be; give 1 to 65535", port=options.port)
    if (options.tls_cert is None) != (options.tls_key is None):
        raise CallError("give --tls-cert and --tls-key together, or neither")
    if options.tls_cert and options.tls_key:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.tls_cert, options.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise ServiceError(
                f"--tls-cert {options.tls_cert} and --tls-key {options.tls_key} cannot be "
                f"used: {error.strerror or error}; give PEM files, the key of that certificate",
                path=str(options.tls_cert),
            ) from error
    if _is_loopback(options.host) or options.tls_cert or options.behind_proxy:
        return
    raise CallError(
        f"--host {options.host} opens the watch to the network without encryption; give "
        "--tls-cert and --tls-key, or --behind-proxy where a proxy does that, or keep "
        "--host 127.0.0.1"
    )


def make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceError(
            f"the data folder {path} cannot be made: {error.strerror}; give another --data",
            path=str(path),
        ) from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
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


def bind(host: str, port: int) -> socket.socket:
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
