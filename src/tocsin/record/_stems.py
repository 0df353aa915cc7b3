"""Words compared without their endings: "intercepts" and "intercepted" are the same word."""

__all__ = ["stem"]


def stem(word: str) -> str:
    """Return a word in small letters without -ed, -es, -s, -ing and a last e."""
    word = word.casefold()
    for end in ("ed", "es", "s", "ing"):
        if word.endswith(end) and len(word) - len(end) > 3:
            return word[: -len(end)].rstrip("e")
    return word.rstrip("e")
