"""A real mosquitto on loopback."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

from tests.conftest import missing
from tests.ports import free_port


def mosquitto():
    """Return the path of the program; skip loudly (in CI: fail) where it is not."""
    path = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    if not os.access(path, os.X_OK):
        missing("mosquitto", "run `make test-deps` (Debian package mosquitto)")
    return path


@contextlib.contextmanager
def broker(folder, *, password="", port=0):
    """Run one; with a password for the user `tocsin`, nobody else may come in."""
    program, port = mosquitto(), port or free_port()
    lines = [f"listener {port} 127.0.0.1", "persistence false", "user root"]
    if password:
        words = folder / "passwords"
        words.write_text(f"tocsin:{password}\n")
        subprocess.run(["mosquitto_passwd", "-U", words], check=True, timeout=60)
        lines += ["allow_anonymous false", f"password_file {words}"]
    else:
        lines += ["allow_anonymous true"]
    settings = folder / f"mosquitto-{port}.conf"
    settings.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [program, "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60.0
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, "mosquitto ended"
            assert time.monotonic() < end, "mosquitto does not listen"
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def listener(port, topic, **more):
    """Subscribe, and gather (topic, payload, QoS) into the list that is given."""
    import threading

    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    heard, ready = [], threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id="listener")
    if more:
        client.username_pw_set(more["user"], more["password"])
    client.on_connect = lambda c, *_: c.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, m: heard.append((m.topic, m.payload, m.qos))
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(60.0)
    yield heard
    client.disconnect()
    client.loop_stop()
