"""CAT021, ADS-B target reports: EUROCONTROL-SPEC-0149-12, edition 2.7.

Editions 2.1 to 2.6 have the same profile and the same lengths with fewer extents, so one table
reads them all. Before 2.0 the category had another profile: see `cat021_old.py`.
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

__all__ = ["CAT021_2_7", "INTENT", "MET"]

_B = Field  # a bit or a code
_TURN_16 = 360.0 / 65536.0
_DEG_23 = 180.0 / 2**23
_DEG_30 = 180.0 / 2**30
_GSP_LSB = 2.0**-14  # NM/s
_FRACTION_S = 2.0**-30


def _time(name: str) -> Fixed:
    return one(name, 24, lsb=1.0 / 128.0, unit="s")


def _fraction() -> Fixed:
    return Fixed(_B("FSI", 2), Field("TOMR", 30, lsb=_FRACTION_S, unit="s"))


def _ages(*names: str) -> tuple[tuple[str, Fixed], ...]:
    return tuple((name, one(name, 8, lsb=0.1, unit="s")) for name in names)


def _whole(name: str, unit: str) -> tuple[Field]:
    """Return an extent that is one quantity; the two parts of a distance are 128 and 1 m."""
    return (Field(name, 7, lsb=128.0 if name.endswith("1") else 1.0, unit=unit),)


MET = Compound(
    ("WS", one("WS", 16, lsb=1.0, unit="kt")),
    ("WD", one("WD", 16, lsb=1.0, unit="deg")),
    ("TMP", one("TMP", 16, "int", 0.25, "degC")),
    ("TRB", one("TRB", 8)),
)

INTENT = Compound(
    *intent("TCPN"),
)

_DESCRIPTOR = Extended(
    (_B("ATP", 3), _B("ARC", 2), *bits("RC", "RAB")),
    (*bits("DCR", "GBS", "SIM", "TST", "SAA"), _B("CL", 2)),
    (spare(1), *bits("LLC", "IPC", "NOGO", "CPR", "LDPJ", "RCF")),
    (_B("TBC_EP", 1), _B("TBC_VAL", 6)),
    (_B("MBC_EP", 1), _B("MBC_VAL", 6)),
)

_QUALITY = Extended(
    (_B("NUCRNACV", 3), _B("NUCPNIC", 4)),
    (_B("NICBARO", 1), _B("SIL", 2), _B("NACP", 4)),
    (spare(2), _B("SILS", 1), _B("SDA", 2), _B("GVA", 2)),
    (_B("PIC", 4), _B("SRC", 1), spare(2)),
    (spare(2), _B("VALSTATE_EP", 1), _B("VALSTATE_VAL", 2), *bits("VD", "VQ")),
    _whole("VALDISTP1", "m"),
    _whole("VALDISTP2", "m"),
    _whole("VALDISTQUALP1", "m"),
    _whole("VALDISTQUALP2", "m"),
)

CAT021_2_7 = Edition(
    category=21,
    edition="2.7",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("040", _DESCRIPTOR),
        ("161", Fixed(spare(4), _B("TRNUM", 12))),
        ("015", one("SID", 8)),
        ("071", _time("TOA")),
        ("130", place(24, _DEG_23)),
        ("131", place(32, _DEG_30)),
        ("072", _time("TOA")),
        ("150", Fixed(_B("IM", 1), _B("AS", 15))),  # the step hangs on IM: 2^-14 NM/s or 0.001
        ("151", Fixed(_B("RE", 1), Field("TAS", 15, lsb=1.0, unit="kt"))),
        ("080", one("ADR", 24, "hex")),
        ("073", _time("TOMR")),
        ("074", _fraction()),
        ("075", _time("TOMR")),
        ("076", _fraction()),
        ("140", one("GH", 16, "int", 6.25, "ft")),
        ("090", _QUALITY),
        ("210", Fixed(spare(1), _B("VNS", 1), _B("VN", 3), _B("LTT", 3))),
        ("070", Fixed(spare(4), _B("MODE3A", 12, "octal"))),
        ("230", one("RAN", 16, "int", 0.01, "deg")),
        ("145", one("FL", 16, "int", 0.25)),
        ("152", one("MHG", 16, lsb=_TURN_16, unit="deg")),
        ("200", Fixed(*bits("ICF", "LNAV", "ME"), _B("PS", 3), _B("SS", 2))),
        ("155", Fixed(_B("RE", 1), Field("BVR", 15, "int", 6.25, "ftpmin"))),
        ("157", Fixed(_B("RE", 1), Field("GVR", 15, "int", 6.25, "ftpmin"))),
        (
            "160",
            Fixed(
                _B("RE", 1),
                Field("GS", 15, lsb=_GSP_LSB, unit="NMps"),
                Field("TA", 16, lsb=_TURN_16, unit="deg"),
            ),
        ),
        ("165", Fixed(spare(6), Field("TAR", 10, "int", 1.0 / 32.0, "degps"))),
        ("077", _time("TRT")),
        ("170", one("TID", 48, "ident")),
        ("020", one("ECAT", 8)),
        ("220", MET),
        ("146", Fixed(_B("SAS", 1), _B("S", 2), Field("ALT", 13, "int", 25.0, "ft"))),
        ("148", Fixed(*bits("MV", "AH", "AM"), Field("ALT", 13, "int", 25.0, "ft"))),
        ("110", INTENT),
        ("016", one("RP", 8, lsb=0.5, unit="s")),
        (
            "008",
            Fixed(_B("RA", 1), _B("TC", 2), *bits("TS", "ARV", "CDTIA", "NOTTCAS", "SA")),
        ),
        (
            "271",
            Extended(
                (spare(2), *bits("POA", "CDTIS", "B2LOW", "RAS", "IDENT")),
                (_B("LW", 4), spare(3)),
            ),
        ),
        ("132", one("MAM", 8, "int", 1.0, "dBm")),
        ("250", Repetitive(_B("MBDATA", 56, "hex"), _B("BDS1", 4), _B("BDS2", 4))),
        (
            "260",
            Fixed(
                _B("TYP", 5), _B("STYP", 3), _B("ARA", 14), _B("RAC", 4), *bits("RAT", "MTE"),
                _B("TTI", 2), _B("TID", 26),
            ),
        ),
        ("400", one("RID", 8)),
        (
            "295",
            Compound(
                *_ages("AOS", "TRD", "M3A", "QI", "TI1", "MAM", "GH", "FL", "SAL", "FSA"),
                *_ages("AS", "TAS", "MH", "BVR", "GVR", "GV", "TAR", "TI2", "TS", "MET"),
                *_ages("ROA", "ARA", "SCC"),
            ),
        ),
        *(None,) * 5,
        ("RE", Explicit()),
        ("SP", Explicit()),
    ),
)  # fmt: skip
