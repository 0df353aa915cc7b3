"""What verbs print: one JSON object as the last line, or words; errors as a sentence."""

import sys
from typing import NoReturn

__all__ = ["fail", "print_json", "print_words"]


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
