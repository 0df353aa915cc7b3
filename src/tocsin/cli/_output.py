"""What verbs print: one JSON object as the last line, or words; errors as a sentence."""

import sys
from pathlib import Path
from typing import NoReturn

from tocsin.errors import CallError

__all__ = ["fail", "print_json", "print_words", "write_whole"]


def print_json(result: object) -> None:
    """Print one JSON object on one line of standard output."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()


def print_words(text: str) -> None:
    """Print a line for people."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fail(sentence: str, status: int) -> NoReturn:
    """Print what was wrong on standard error and leave."""
    sys.stderr.write(f"tocsin: {sentence}\n")
    sys.exit(status)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there completely or not at all."""
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CallError(f"{path} cannot be written: {error.strerror}") from error
