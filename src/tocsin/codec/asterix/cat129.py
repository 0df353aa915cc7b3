"""CAT129, UAS identification reports: EUROCONTROL-SPEC-0149-29, edition 1.2.

Item 120 (operational risk) has three octets by its own description, 5.2.12, and one by the
profile's table, 5.3.1: the description rules here, of which only the first octet has a meaning.
"""

from tocsin.codec.asterix._items import Explicit, Field, Fixed, spare
from tocsin.codec.asterix._records import Edition

__all__ = ["CAT129_1_2"]

_B = Field  # a bit or a code
_DEG_30 = 180.0 / 2**30


def _one(name: str, bits: int, kind: str = "uint", lsb: float = 0.0, unit: str = "") -> Fixed:
    return Fixed(Field(name, bits, kind, lsb, unit))


CAT129_1_2 = Edition(
    category=129,
    edition="1.2",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("015", Fixed(_B("DAC", 8), _B("DIC", 8))),
        ("020", _one("MANUFACTURER", 24, "text")),
        ("030", _one("MODEL", 24, "text")),
        ("040", _one("SERIAL", 96, "text")),
        ("050", _one("COUNTRY", 16, "text")),
        ("070", _one("TOD", 24, lsb=1.0 / 128.0, unit="s")),
        (
            "080",
            Fixed(
                Field("LAT", 32, "int", _DEG_30, "deg"), Field("LON", 32, "int", _DEG_30, "deg")
            ),
        ),
        ("090", _one("AMSL", 24, "int", 0.1, "m")),
        ("100", _one("AGL", 24, "int", 0.1, "m")),
        ("110", _one("CEP", 16, lsb=1.0, unit="m")),
        ("120", Fixed(_B("UCC", 2), _B("ARC", 2), _B("AEC", 4), _B("REST", 16, "hex"))),
        ("SP", Explicit()),
        (
            "185",
            Fixed(Field("HVX", 20, "int", 0.01, "mps"), Field("HVY", 20, "int", 0.01, "mps")),
        ),
        ("220", Fixed(spare(4), Field("VV", 20, "int", 0.01, "mps"))),
        *(None,) * 6,
    ),
)
