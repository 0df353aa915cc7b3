"""What `tocsin demo` keeps in its data folder: which day is played, and how far it has come."""

import datetime
import fcntl
import shutil
import socket
from pathlib import Path
from typing import TextIO

import msgspec

from tocsin.errors import ServiceError
from tocsin.sim import Scenario, features_of, render_site
from tocsin.sim.site import FEATURES, PORTS

__all__ = ["Day", "are_free", "begin_day", "claim_folder", "kept_day", "save_day", "site_file"]

_STATE = "demo.json"
_LOCK = "demo.lock"
_KEPT_DAYS = (
    3  # older ones are removed: they are simulated, and a journal takes tens of megabytes
)
_UDP = ("asad_radar",)


class Day(msgspec.Struct):
    """One simulated day. folder: its own, in the data folder; position_s: seconds of the day
    that have been played; service_s: the newest service time (Unix UTC), which never steps
    back; over: played to its end, or stopped by a person.
    """

    folder: str
    scenario: str
    seed: int
    ports: dict[str, int]
    position_s: float = 0.0
    service_s: float = 0.0
    over: bool = False
    schema: int = 1


def claim_folder(data: Path) -> TextIO:
    """Return a lock on the data folder that lasts as long as the file is open.

    Raises ServiceError where another demo has it or the folder cannot be written.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / _LOCK).open("a+")
    except OSError as error:
        raise ServiceError(
            f"the data folder {data} cannot be written ({error.strerror}); give another --data"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ServiceError(
            f"another demo is using {data}; stop it, or give this one its own --data folder"
        ) from error
    return lock


def kept_day(data: Path) -> Day | None:
    """Return the day that was last played, or None where there is none that can be read."""
    try:
        day = msgspec.json.decode((data / _STATE).read_bytes(), type=Day)
    except (OSError, msgspec.DecodeError):
        return None
    if day.schema != 1 or set(day.ports) != set(PORTS) or not site_file(data, day).is_file():
        return None
    return day


def begin_day(data: Path, scenario: Scenario, seed: int, now_s: float) -> Day:
    """Make a new day's folder with its site file on ports that are free now."""
    stamp = datetime.datetime.fromtimestamp(now_s, datetime.UTC).strftime("%Y%m%d-%H%M%S")
    folder, count = f"day-{stamp}", 1
    while (data / folder).exists():
        count += 1
        folder = f"day-{stamp}-{count}"
    day = Day(folder, scenario.name, seed, _free_ports(), service_s=now_s)
    place = data / folder
    place.mkdir(mode=0o700)
    site_file(data, day).write_text(render_site(day.ports, now_s))
    for name in FEATURES:
        (place / name).write_bytes(features_of(name))
    _forget_old_days(data)
    save_day(data, day)
    return day


def save_day(data: Path, day: Day) -> None:
    """Write the state so that a reader finds the old one or the new one, never half of one."""
    new = data / f"{_STATE}.new"
    new.write_bytes(msgspec.json.encode(day))
    new.replace(data / _STATE)


def site_file(data: Path, day: Day) -> Path:
    """Return where a day's site file is."""
    return data / day.folder / "two-bases.toml"


def are_free(ports: dict[str, int]) -> bool:
    """Tell whether a day's ports can be had again."""
    return all(_is_free(port, _kind(name)) for name, port in ports.items())


def _free_ports() -> dict[str, int]:
    held = {name: socket.socket(socket.AF_INET, _kind(name)) for name in PORTS}
    try:
        for one in held.values():  # held together, so that all differ
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in held.items()}
    finally:
        for one in held.values():
            one.close()


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as one:
        if kind == socket.SOCK_STREAM:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _kind(name: str) -> socket.SocketKind:
    return socket.SOCK_DGRAM if name in _UDP else socket.SOCK_STREAM


def _forget_old_days(data: Path) -> None:
    days = sorted(p for p in data.glob("day-*") if p.is_dir())
    for old in days[:-_KEPT_DAYS]:
        shutil.rmtree(old, ignore_errors=True)
