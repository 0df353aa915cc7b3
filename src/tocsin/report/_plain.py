"""Words as they were said, without what moves a cursor, turns a line or is no character."""

import unicodedata

__all__ = ["plain", "unturned"]

# Marks that turn the order of what follows: a sentence could show other words than it holds.
_TURNS = str.maketrans(
    dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "")
)
_BREAKS = str.maketrans(dict.fromkeys("\t\n\x0b\x0c\r\x85\u2028\u2029", " "))


def plain(text: str) -> str:
    """Return a text on one line: breaks and tabs become spaces; control characters, halves of
    surrogate pairs and bidirectional overrides are left out; every other character stays, also
    no-break spaces and joiners, which change how words are read.
    """
    flat = text.replace("\r\n", " ").translate(_BREAKS)
    return "".join(c for c in unturned(flat) if unicodedata.category(c) not in ("Cc", "Cs"))


def unturned(text: str) -> str:
    """Return a text, such as a whole document, without bidirectional overrides."""
    return text.translate(_TURNS)
