"""Parts of items that several categories have alike, for their tables."""

from tocsin.codec.asterix._items import Extended, Field, Fixed, Item, Repetitive, spare

__all__ = ["bits", "intent", "one", "place"]

_DEG_23 = 180.0 / 2**23


def bits(*names: str) -> tuple[Field, ...]:
    """Return fields of one bit each."""
    return tuple(Field(name, 1) for name in names)


def one(name: str, width: int, kind: str = "uint", lsb: float = 0.0, unit: str = "") -> Fixed:
    """Return an item of one field, width bits wide."""
    return Fixed(Field(name, width, kind, lsb, unit))


def place(width: int, lsb: float) -> Fixed:
    """Return a position in WGS 84; width: bits of each of the two, lsb: degrees."""
    return Fixed(Field("LAT", width, "int", lsb, "deg"), Field("LON", width, "int", lsb, "deg"))


def intent(number: str) -> tuple[tuple[str, Item], tuple[str, Item]]:
    """Return trajectory intent, status and data (I021/110, I062/380 TIS and TID); number: what
    the edition calls a trajectory change point's.
    """
    return (
        ("TIS", Extended((*bits("NAV", "NVB"), spare(5)))),
        (
            "TID",
            Repetitive(
                *bits("TCA", "NC"),
                Field(number, 6),
                Field("ALT", 16, "int", 10.0, "ft"),
                Field("LAT", 24, "int", _DEG_23, "deg"),
                Field("LON", 24, "int", _DEG_23, "deg"),
                Field("PT", 4),
                Field("TD", 2),
                *bits("TRA", "TOA"),
                Field("TOV", 24, lsb=1.0, unit="s"),
                Field("TTR", 16, lsb=0.01, unit="NM"),
            ),
        ),
    )
