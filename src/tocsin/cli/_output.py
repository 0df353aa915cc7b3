"""What verbs print: one JSON object as the last line, or words; errors as a sentence."""

import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from tocsin.errors import CallError

__all__ = ["drop_output", "fail", "print_json", "print_words", "spare_letters", "write_whole"]


def print_json(result: object) -> None:
    """Print one JSON object on one line of standard output."""
    import msgspec

    line = msgspec.json.encode(result).decode()
    if not line.isascii() and "utf" not in (sys.stdout.encoding or "utf-8").lower():
        import json

        line = json.dumps(json.loads(line))  # the same object, in ASCII
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def print_words(text: str) -> None:
    """Print a line for people."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fail(sentence: str, status: int) -> NoReturn:
    """Print what was wrong on standard error and leave."""
    sys.stderr.write(f"tocsin: {sentence}\n")
    sys.exit(status)


def spare_letters() -> None:
    """Let a terminal that has no letter for a character (a locale of Latin-1) get its code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Throw away what standard output could not take: Python would try it once more at the end,
    and end with a trace and a status of its own.
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # no file behind it, or closed
        return


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there completely or not at all."""
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CallError(f"{path} cannot be written: {error.strerror}") from error
