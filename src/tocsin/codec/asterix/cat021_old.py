"""CAT021 before edition 2.0 (RTCA DO-260): editions 0.23 and 0.26.

Another profile than 2.x, and nothing in the bytes says so: the site file names the edition.
They differ in the step of the position and in what 0.26 appended.
"""

from tocsin.codec.asterix._items import Explicit, Extended, Field, Fixed, Item, spare
from tocsin.codec.asterix._parts import bits, one, place
from tocsin.codec.asterix._records import Edition
from tocsin.codec.asterix.cat021 import INTENT, MET

__all__ = ["CAT021_0_23", "CAT021_0_26"]

_B = Field  # a bit or a code
_TURN_16 = 360.0 / 65536.0
_GSP_LSB = 2.0**-14  # NM/s


def _profile(
    place: Fixed, *appended: tuple[str, Item] | None
) -> tuple[tuple[str, Item] | None, ...]:
    return (
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        (
            "040",
            Fixed(
                *bits("DCR", "GBS", "SIM", "TST", "RAB", "SAA", "SPI"), spare(1),
                _B("ATP", 3), _B("ARC", 2), spare(3),
            ),
        ),
        ("030", one("TOD", 24, lsb=1.0 / 128.0, unit="s")),
        ("130", place),
        ("080", one("ADR", 24, "hex")),
        ("140", one("GH", 16, "int", 6.25, "ft")),
        ("090", Fixed(_B("AC", 2), _B("MN", 2), _B("DC", 2), spare(6), _B("PA", 4, "int"))),
        ("210", Fixed(spare(3), *bits("DTI", "MDS", "UAT", "VDL", "OTR"))),
        ("230", one("RAN", 16, "int", 0.01, "deg")),
        ("145", one("FL", 16, "int", 0.25)),
        ("150", Fixed(_B("IM", 1), _B("AS", 15))),
        ("151", one("TAS", 16, lsb=1.0, unit="kt")),
        ("152", one("MHG", 16, lsb=_TURN_16, unit="deg")),
        ("155", one("BVR", 16, "int", 6.25, "ftpmin")),
        ("157", one("GVR", 16, "int", 6.25, "ftpmin")),
        (
            "160",
            Fixed(
                Field("GS", 16, "int", _GSP_LSB, "NMps"),
                Field("TA", 16, lsb=_TURN_16, unit="deg"),
            ),
        ),
        (
            "165",
            Extended((_B("TI", 2), spare(5)), (Field("ROT", 7, "int", 0.25, "degps"),)),
        ),
        ("170", one("TID", 48, "ident")),
        ("095", one("VUC", 8)),
        ("032", one("TDA", 8, lsb=1.0 / 256.0, unit="s")),
        ("200", one("TST", 8)),
        ("020", one("ECAT", 8)),
        ("220", MET),
        ("146", Fixed(_B("SAS", 1), _B("SRC", 2), Field("ALT", 13, "int", 25.0, "ft"))),
        ("148", Fixed(*bits("MV", "AH", "AM"), Field("ALT", 13, "int", 25.0, "ft"))),
        ("110", INTENT),
        *appended,
        *(None,) * (7 - len(appended)),
        ("RE", Explicit()),
        ("SP", Explicit()),
    )  # fmt: skip


CAT021_0_23 = Edition(21, "0.23", _profile(place(24, 180.0 / 2**23)))
CAT021_0_26 = Edition(
    21,
    "0.26",
    _profile(
        place(32, 180.0 / 2**25),
        ("070", Fixed(*bits("V", "G", "L"), spare(1), _B("MODE3A", 12, "octal"))),
        ("131", one("SAM", 8)),
    ),
)
