"""CAT034, monoradar service messages: EUROCONTROL-SPEC-0149-2b, edition 1.29."""

from tocsin.codec.asterix._items import Compound, Explicit, Field, Fixed, Repetitive, spare
from tocsin.codec.asterix._records import Edition

__all__ = ["CAT034_1_29"]

_B = Field  # a bit or a code
_NM_256 = 1.0 / 256.0
_TURN_16 = 360.0 / 65536.0

CAT034_1_29 = Edition(
    category=34,
    edition="1.29",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("000", Fixed(_B("TYP", 8))),
        ("030", Fixed(Field("TOD", 24, lsb=1.0 / 128.0, unit="s"))),
        ("020", Fixed(Field("AZI", 8, lsb=360.0 / 256.0, unit="deg"))),
        ("041", Fixed(Field("ROT", 16, lsb=1.0 / 128.0, unit="s"))),
        (
            "050",
            Compound(
                (
                    "COM",
                    Fixed(
                        _B("NOGO", 1),
                        _B("RDPC", 1),
                        _B("RDPR", 1),
                        _B("OVLRDP", 1),
                        _B("OVLXMT", 1),
                        _B("MSC", 1),
                        _B("TSV", 1),
                        spare(1),
                    ),
                ),
                None,
                None,
                (
                    "PSR",
                    Fixed(_B("ANT", 1), _B("CHAB", 2), _B("OVL", 1), _B("MSC", 1), spare(3)),
                ),
                (
                    "SSR",
                    Fixed(_B("ANT", 1), _B("CHAB", 2), _B("OVL", 1), _B("MSC", 1), spare(3)),
                ),
                (
                    "MDS",
                    Fixed(
                        _B("ANT", 1),
                        _B("CHAB", 2),
                        _B("OVLSUR", 1),
                        _B("MSC", 1),
                        _B("SCF", 1),
                        _B("DLF", 1),
                        _B("OVLSCF", 1),
                        _B("OVLDLF", 1),
                        spare(7),
                    ),
                ),
            ),
        ),
        (
            "060",
            Compound(
                ("COM", Fixed(spare(1), _B("REDRDP", 3), _B("REDXMT", 3), spare(1))),
                None,
                None,
                ("PSR", Fixed(_B("POL", 1), _B("REDRAD", 3), _B("STC", 2), spare(2))),
                ("SSR", Fixed(_B("REDRAD", 3), spare(5))),
                ("MDS", Fixed(_B("REDRAD", 3), _B("CLU", 1), spare(4))),
            ),
        ),
        ("070", Repetitive(_B("TYP", 5), _B("COUNT", 11))),
        (
            "100",
            Fixed(
                Field("RHOST", 16, lsb=_NM_256, unit="NM"),
                Field("RHOEND", 16, lsb=_NM_256, unit="NM"),
                Field("THETAST", 16, lsb=_TURN_16, unit="deg"),
                Field("THETAEND", 16, lsb=_TURN_16, unit="deg"),
            ),
        ),
        ("110", Fixed(_B("TYP", 8))),
        (
            "120",
            Fixed(
                Field("HGT", 16, "int", 1.0, "m"),
                Field("LAT", 24, "int", 180.0 / 2**23, "deg"),
                Field("LON", 24, "int", 180.0 / 2**23, "deg"),
            ),
        ),
        (
            "090",
            Fixed(
                Field("RNG", 8, "int", 1.0 / 128.0, "NM"),
                Field("AZM", 8, "int", 360.0 / 16384.0, "deg"),
            ),
        ),
        ("RE", Explicit()),
        ("SP", Explicit()),
    ),
)
