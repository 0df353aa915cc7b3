"""ULIDs: 48 bits of milliseconds and 80 bits of chance, in Crockford's base 32."""

__all__ = ["ulid"]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(time_s: float, chance: int) -> str:
    """Return the ULID of a time (milliseconds are kept) and 80 bits of chance."""
    value = (int(time_s * 1000.0) & (1 << 48) - 1) << 80 | chance & (1 << 80) - 1
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
