"""CAT063, sensor status as a tracker sees it: EUROCONTROL-SPEC-0149-10, edition 1.7.

Edition 1.6 has no third extent of item 060, and is read by the same table.
"""

from tocsin.codec.asterix._items import Explicit, Extended, Field, Fixed, spare
from tocsin.codec.asterix._records import Edition

__all__ = ["CAT063_1_7"]

_B = Field  # a bit or a code
_TURN_16 = 360.0 / 65536.0


def _bits(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, 1) for name in names)


def _range_bias(prefix: str) -> Fixed:
    """Return gain (parts of one) and bias of a sensor's range."""
    return Fixed(
        Field(f"{prefix}RG", 16, "int", 1e-5),
        Field(f"{prefix}RB", 16, "int", 1.0 / 128.0, "NM"),
    )


def _angle(name: str) -> Fixed:
    return Fixed(Field(name, 16, "int", _TURN_16, "deg"))


CAT063_1_7 = Edition(
    category=63,
    edition="1.7",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("015", Fixed(_B("SID", 8))),
        ("030", Fixed(Field("TOD", 24, lsb=1.0 / 128.0, unit="s"))),
        ("050", Fixed(_B("SAC", 8), _B("SIC", 8))),
        (
            "060",
            Extended(
                (_B("CON", 2), *_bits("PSR", "SSR", "MDS", "ADS", "MLT")),
                (*_bits("OPS", "ODP", "OXT", "MSC", "TSV", "NPW"), spare(1)),
                (*_bits("TTFEP", "TTF", "SPOEP", "SPO"), spare(3)),
            ),
        ),
        ("070", Fixed(Field("TSB", 16, "int", 1.0, "ms"))),
        ("080", _range_bias("S")),
        ("081", _angle("SAB")),
        ("090", _range_bias("P")),
        ("091", _angle("PAB")),
        ("092", _angle("PEB")),
        None,
        ("RE", Explicit()),
        ("SP", Explicit()),
    ),
)
