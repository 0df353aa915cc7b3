"""Ports for tests that must name one before somebody listens there."""

import random
import socket

__all__ = ["free_port"]

# Below those that the system gives to whoever calls out (32768 and up by Linux's default): else
# any connection of another test may take the port between this look and the service's bind.
_FIRST, _LAST = 20_000, 32_000
_DRAW = random.SystemRandom()  # processes of one run must not draw alike
_given: set[int] = set()  # twenty asked for before one is bound would meet once in sixty runs


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a port on which nobody listens on loopback now."""
    for _ in range(200):
        port = _DRAW.randrange(_FIRST, _LAST)
        if port in _given:
            continue
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise AssertionError("no port is free")
