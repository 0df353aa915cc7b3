"""The letters of a pseudonym: 65 bits as thirteen characters, and back."""

__all__ = ["LETTERS", "LETTERS_OCTETS", "LETTERS_SIZE", "letters_of", "octets_of"]

# 32 of the 34 characters that ANSI/CTA-2063-A allows: 13 of them are 65 bits.
LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWX"
LETTERS_SIZE = 13
LETTERS_OCTETS = 9


def letters_of(octets: bytes) -> str:
    """Return the letters of nine octets (of the first, one bit counts)."""
    number = int.from_bytes(octets, "big")
    return "".join(LETTERS[number >> 5 * place & 31] for place in range(LETTERS_SIZE))


def octets_of(letters: str) -> bytes:
    """Return nine octets with those letters; raises ValueError for what are none."""
    number = sum(LETTERS.index(one) << 5 * place for place, one in enumerate(letters))
    return number.to_bytes(LETTERS_OCTETS, "big")
