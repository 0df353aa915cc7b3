"""CAT062, system track data: EUROCONTROL-SPEC-0149-9, edition 1.21.

Editions from 1.16 have the same profile and the same lengths: later ones gave a meaning to bits
that were spare and another extent to item 080, so one table reads them all.
"""

from tocsin.codec.asterix._items import (
    Compound,
    Explicit,
    Extended,
    Field,
    Fixed,
    Repetitive,
    spare,
)
from tocsin.codec.asterix._parts import bits, intent, one, place
from tocsin.codec.asterix._records import Edition

__all__ = ["CAT062_1_21"]

_B = Field  # a bit or a code
_TURN_16 = 360.0 / 65536.0
_DEG_23 = 180.0 / 2**23
_DEG_25 = 180.0 / 2**25


def _named(
    name: str, bits: int, kind: str = "uint", lsb: float = 0.0, unit: str = ""
) -> tuple[str, Fixed]:
    """Return a subitem of one field that bears the subitem's name."""
    return name, one(name, bits, kind, lsb, unit)


def _ages(*names: str) -> tuple[tuple[str, Fixed], ...]:
    return tuple(_named(name, 8, lsb=0.25, unit="s") for name in names)


_MODE3A = Fixed(*bits("V", "G", "L"), spare(1), _B("MODE3A", 12, "octal"))

# I062/380, what the aircraft itself says
_AIRCRAFT = Compound(
    _named("ADR", 24, "hex"),
    _named("ID", 48, "ident"),
    _named("MHG", 16, lsb=_TURN_16, unit="deg"),
    ("IAS", Fixed(_B("IM", 1), _B("IAS", 15))),  # the step hangs on IM: 2^-14 NM/s or 0.001
    _named("TAS", 16, lsb=1.0, unit="kt"),
    ("SAL", Fixed(_B("SAS", 1), _B("SRC", 2), Field("ALT", 13, "int", 25.0, "ft"))),
    ("FSS", Fixed(*bits("MV", "AH", "AM"), Field("ALT", 13, "int", 25.0, "ft"))),
    *intent("TCP"),
    (
        "COM",
        Fixed(
            _B("COM", 3),
            _B("STAT", 3),
            spare(2),
            *bits("SSC", "ARC", "AIC", "B1A"),
            _B("B1B", 4),
        ),
    ),
    (
        "SAB",
        Fixed(_B("AC", 2), _B("MN", 2), _B("DC", 2), _B("GBS", 1), spare(6), _B("STAT", 3)),
    ),
    _named("ACS", 56, "hex"),
    _named("BVR", 16, "int", 6.25, "ftpmin"),
    _named("GVR", 16, "int", 6.25, "ftpmin"),
    _named("RAN", 16, "int", 0.01, "deg"),
    ("TAR", Fixed(_B("TI", 2), spare(6), Field("ROT", 7, "int", 0.25, "degps"), spare(1))),
    _named("TAN", 16, lsb=_TURN_16, unit="deg"),
    _named("GSP", 16, "int", 2.0**-14, "NMps"),
    _named("VUN", 8),
    (
        "MET",
        Fixed(
            *bits("WSV", "WDV", "TMV", "TRV"),
            spare(4),
            Field("WS", 16, lsb=1.0, unit="kt"),
            Field("WD", 16, lsb=1.0, unit="deg"),
            Field("TMP", 16, "int", 0.25, "degC"),
            _B("TRB", 8),
        ),
    ),
    _named("EMC", 8),
    ("POS", place(24, _DEG_23)),
    _named("GAL", 16, "int", 6.25, "ft"),
    ("PUN", Fixed(spare(4), _B("PUN", 4))),
    ("MB", Repetitive(_B("MBDATA", 56, "hex"), _B("BDS1", 4), _B("BDS2", 4))),
    _named("IAR", 16, lsb=1.0, unit="kt"),
    _named("MAC", 16, lsb=0.008),
    ("BPS", Fixed(spare(4), Field("BPS", 12, lsb=0.1, unit="hPa"))),
)  # fmt: skip

# I062/390, the flight plan that the track was correlated with
_FLIGHT_PLAN = Compound(
    ("TAG", Fixed(_B("SAC", 8), _B("SIC", 8))),
    _named("CSN", 56, "text"),
    ("IFI", Fixed(_B("TYP", 2), spare(3), _B("NBR", 27))),
    (
        "FCT",
        Fixed(_B("GATOAT", 2), _B("FR1FR2", 2), _B("RVSM", 2), _B("HPR", 1), spare(1)),
    ),
    _named("TAC", 32, "text"),
    _named("WTC", 8, "text"),
    _named("DEP", 32, "text"),
    _named("DST", 32, "text"),
    ("RDS", Fixed(_B("NU1", 8, "text"), _B("NU2", 8, "text"), _B("LTR", 8, "text"))),
    _named("CFL", 16, lsb=0.25),
    ("CTL", Fixed(_B("CENTRE", 8), _B("POSITION", 8))),
    (
        "TOD",
        Repetitive(
            _B("TYP", 5), _B("DAY", 2), spare(4), _B("HOR", 5), spare(2), _B("MIN", 6),
            _B("AVS", 1), spare(1), _B("SEC", 6),
        ),
    ),
    _named("AST", 48, "text"),
    ("STS", Fixed(_B("EMP", 2), _B("AVL", 1), spare(5))),
    _named("STD", 56, "text"),
    _named("STA", 56, "text"),
    ("PEM", Fixed(spare(3), _B("VA", 1), _B("MODE3A", 12, "octal"))),
    _named("PEC", 56, "text"),
)  # fmt: skip

_STATUS = Extended(
    (*bits("MON", "SPI", "MRH"), _B("SRC", 3), _B("CNF", 1)),
    bits("SIM", "TSE", "TSB", "FPC", "AFF", "STP", "KOS"),
    (_B("AMA", 1), _B("MD4", 2), *bits("ME", "MI"), _B("MD5", 2)),
    bits("CST", "PSR", "SSR", "MDS", "ADS", "SUC", "AAC"),
    (_B("SDS", 2), _B("EMS", 3), *bits("PFT", "FPLT")),
    bits("DUPT", "DUPF", "DUPM", "SFC", "IDD", "IEC", "MLAT"),
    (*bits("M5I"), spare(6)),
)

_MODE5 = Compound(
    ("SUM", Fixed(*bits("M5", "ID", "DA", "M1", "M2", "M3", "MC"), spare(1))),
    ("PMN", Fixed(spare(2), _B("PIN", 14), spare(3), _B("NAT", 5), spare(2), _B("MIS", 6))),
    ("POS", place(24, _DEG_23)),
    ("GA", Fixed(spare(1), _B("RES", 1), Field("GA", 14, "int", 25.0, "ft"))),
    ("EM1", Fixed(spare(4), _B("EM1", 12, "octal"))),
    _named("TOS", 8, "int", 1.0 / 128.0, "s"),
    ("XP", Fixed(spare(3), *bits("X5", "XC", "X3", "X2", "X1"))),
)

_ACCURACY = Compound(
    ("APC", Fixed(Field("X", 16, lsb=0.5, unit="m"), Field("Y", 16, lsb=0.5, unit="m"))),
    _named("COV", 16, "int", 0.5, "m"),
    (
        "APW",
        Fixed(
            Field("LAT", 16, lsb=_DEG_25, unit="deg"), Field("LON", 16, lsb=_DEG_25, unit="deg")
        ),
    ),
    _named("AGA", 8, lsb=6.25, unit="ft"),
    _named("ABA", 8, lsb=0.25),
    ("ATV", Fixed(Field("X", 8, lsb=0.25, unit="mps"), Field("Y", 8, lsb=0.25, unit="mps"))),
    ("AA", Fixed(Field("X", 8, lsb=0.25, unit="mps2"), Field("Y", 8, lsb=0.25, unit="mps2"))),
    _named("ARC", 8, lsb=6.25, unit="ftpmin"),
)

_MEASURED = Compound(
    ("SID", Fixed(_B("SAC", 8), _B("SIC", 8))),
    (
        "POS",
        Fixed(
            Field("RHO", 16, lsb=1.0 / 256.0, unit="NM"),
            Field("THETA", 16, lsb=_TURN_16, unit="deg"),
        ),
    ),
    _named("HEI", 16, "int", 25.0, "ft"),
    ("MDC", Fixed(*bits("V", "G"), Field("LMC", 14, "int", 0.25))),
    ("MDA", _MODE3A),
    ("TYP", Fixed(_B("TYP", 3), *bits("SIM", "RAB", "TST"), spare(2))),
)

CAT062_1_21 = Edition(
    category=62,
    edition="1.21",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        None,
        ("015", one("SID", 8)),
        ("070", one("TOD", 24, lsb=1.0 / 128.0, unit="s")),
        ("105", place(32, _DEG_25)),
        (
            "100",
            Fixed(Field("X", 24, "int", 0.5, "m"), Field("Y", 24, "int", 0.5, "m")),
        ),
        (
            "185",
            Fixed(Field("VX", 16, "int", 0.25, "mps"), Field("VY", 16, "int", 0.25, "mps")),
        ),
        (
            "210",
            Fixed(Field("AX", 8, "int", 0.25, "mps2"), Field("AY", 8, "int", 0.25, "mps2")),
        ),
        ("060", Fixed(*bits("V", "G", "CH"), spare(1), _B("MODE3A", 12, "octal"))),
        ("245", Fixed(_B("STI", 2), spare(6), _B("TID", 48, "ident"))),
        ("380", _AIRCRAFT),
        ("040", one("TRN", 16)),
        ("080", _STATUS),
        (
            "290",
            Compound(
                *_ages("TRK", "PSR", "SSR", "MDS"),
                _named("ADS", 16, lsb=0.25, unit="s"),
                *_ages("ES", "VDL", "UAT", "LOP", "MLT"),
            ),
        ),
        (
            "200",
            Fixed(_B("TRANS", 2), _B("LONG", 2), _B("VERT", 2), _B("ADF", 1), spare(1)),
        ),
        (
            "295",
            Compound(
                *_ages("MFL", "MD1", "MD2", "MDA", "MD4", "MD5", "MHG", "IAS", "TAS", "SAL"),
                *_ages("FSS", "TID", "COM", "SAB", "ACS", "BVR", "GVR", "RAN", "TAR", "TAN"),
                *_ages("GSP", "VUN", "MET", "EMC", "POS", "GAL", "PUN", "MB", "IAR", "MAC"),
                *_ages("BPS"),
            ),
        ),
        ("136", one("FL", 16, "int", 0.25)),
        ("130", one("ALT", 16, "int", 6.25, "ft")),
        ("135", Fixed(_B("QNH", 1), Field("CTB", 15, "int", 0.25))),
        ("220", one("ROCD", 16, "int", 6.25, "ftpmin")),
        ("390", _FLIGHT_PLAN),
        (
            "270",
            Extended(
                (Field("LENGTH", 7, lsb=1.0, unit="m"),),
                (Field("ORIENTATION", 7, lsb=360.0 / 128.0, unit="deg"),),
                (Field("WIDTH", 7, lsb=1.0, unit="m"),),
            ),
        ),
        ("300", one("VFI", 8)),
        ("110", _MODE5),
        ("120", Fixed(spare(4), _B("MODE2", 12, "octal"))),
        ("510", Repetitive(_B("ID", 8), _B("TRN", 15), fx=True)),
        ("500", _ACCURACY),
        ("340", _MEASURED),
        *(None,) * 5,
        ("RE", Explicit()),
        ("SP", Explicit()),
    ),
)  # fmt: skip
