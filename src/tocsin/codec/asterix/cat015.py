"""CAT015, target reports of independent non-cooperative surveillance (drone radars, holographic
and passive radar): EUROCONTROL-SPEC-0149-30, edition 1.2. Editions 1.0 and 1.1 are cut alike.

CORRELATIONS of a group's values are -1 to 1 in steps of 1/128.
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
from tocsin.codec.asterix._parts import bits
from tocsin.codec.asterix._records import Edition

__all__ = ["CAT015_1_2"]

_B = Field  # a bit or a code
_TURN_16 = 360.0 / 65536.0
_HALF_16 = 180.0 / 65536.0
_FINE_DEG = 45.0 / 65536.0
_DEG_31 = 180.0 / 2**31


def _u(name: str, bits: int, lsb: float, unit: str) -> Field:
    return Field(name, bits, lsb=lsb, unit=unit)


def _s(name: str, bits: int, lsb: float, unit: str) -> Field:
    return Field(name, bits, "int", lsb, unit)


def _named(field: Field) -> tuple[str, Fixed]:
    """Return a subitem of one field that bears the field's name."""
    return field.name, Fixed(field)


def _correlations(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, 8, "int", 1.0 / 128.0) for name in names)


def _xy(bits: int, lsb: float, unit: str, *, signed: bool = False) -> tuple[Field, Field]:
    kind = "int" if signed else "uint"
    return Field("X", bits, kind, lsb, unit), Field("Y", bits, kind, lsb, unit)


def _with_xy(name: str) -> tuple[str, Fixed]:
    return name, Fixed(*_correlations("X", "Y"))


_POSITION = Compound(
    ("P84", Fixed(_s("LAT", 32, _DEG_31, "deg"), _s("LON", 32, _DEG_31, "deg"))),
    ("HPR", Fixed(*_xy(16, 0.5, "m"), *_correlations("COR"))),
    ("HPP", Fixed(*_xy(16, 0.25, "m"), *_correlations("COR"))),
)

_HEIGHT = Compound(
    _named(_s("GH", 24, 0.01, "m")),
    _named(_u("RSGH", 24, 0.01, "m")),
    _named(_u("SDGH", 24, 0.01, "m")),
    ("CI6", Fixed(_u("UCI6", 12, 16.0, "m"), _u("LCI6", 12, 16.0, "m"))),
    ("CI9", Fixed(_u("UCI9", 12, 16.0, "m"), _u("LCI9", 12, 16.0, "m"))),
    _with_xy("COGHHP"),
    _with_xy("COGHHV"),
    _with_xy("COGHHA"),
)

_VELOCITY = Compound(
    ("HV", Fixed(*_xy(20, 0.01, "mps", signed=True))),
    ("RSHV", Fixed(*_xy(16, 0.01, "mps"), *_correlations("COR"))),
    ("SDHV", Fixed(*_xy(16, 0.01, "mps"), *_correlations("COR"))),
    ("COHVHP", Fixed(*_correlations("XX", "XY", "YX", "YY"))),
)

_ACCELERATION = Compound(
    ("HA", Fixed(*_xy(12, 1.0 / 16.0, "mps2", signed=True))),
    ("SDHA", Fixed(*_xy(12, 1.0 / 16.0, "mps2"), *_correlations("COR"))),
    ("COHAHP", Fixed(*_correlations("XX", "XY", "YX", "YY"))),
    ("COHAHV", Fixed(*_correlations("XX", "XY", "YX", "YY"))),
)

_CLIMB = Compound(
    _named(_s("VV", 24, 0.01, "mps")),
    _named(_u("RSVV", 16, 0.01, "mps")),
    ("SDVV", Fixed(_u("SDVV", 16, 0.01, "mps"), *_correlations("COVVGH"))),
    _with_xy("COVVHP"),
    _with_xy("COVVHV"),
    _with_xy("COVVHA"),
)

_VERTICAL_ACCELERATION = Compound(
    _named(_s("VA", 16, 0.01, "mps2")),
    ("RSVA", Fixed(_u("SDVA", 16, 0.01, "mps2"), *_correlations("COVAGH", "COVAVV"))),
    _with_xy("COVAHP"),
    _with_xy("COVAHV"),
    _with_xy("COVAHA"),
)

_RANGE = Compound(
    _named(_s("R", 24, 0.1, "m")),
    _named(_u("RSR", 24, 0.1, "m")),
    _named(_u("SDR", 24, 0.1, "m")),
    _named(_s("RR", 24, 0.1, "mps")),
    _named(_u("RSRR", 24, 0.1, "mps")),
    ("SDRR", Fixed(_u("SDRR", 24, 0.1, "mps"), *_correlations("CORRR"))),
    _named(_s("RA", 16, 1.0 / 64.0, "mps2")),
    ("SDRA", Fixed(_u("SDRA", 16, 1.0 / 128.0, "mps2"), *_correlations("CORAR", "CORARR"))),
)

_DOPPLER = Compound(
    _named(_s("DV", 24, 0.01, "mps")),
    _named(_u("SDDV", 16, 1.0 / 64.0, "mps")),
    _named(_s("DA", 16, 1.0 / 64.0, "mps2")),
    ("SDDA", Fixed(_u("SDDA", 16, 1.0 / 64.0, "mps2"), *_correlations("CODADV"))),
    *(
        _named(field)
        for field in _correlations("CODVR", "CODVRR", "CODVRA", "CODAR", "CODARR", "CODARA")
    ),
)

_AZIMUTH = Compound(
    _named(_u("AZ", 16, _TURN_16, "deg")),
    _named(_u("RSAZ", 16, _FINE_DEG, "deg")),
    _named(_u("SDASZ", 16, _FINE_DEG, "deg")),
    _named(_s("AZR", 16, _HALF_16, "degps")),
    ("SDAZR", Fixed(_u("SDAZR", 16, _FINE_DEG, "degps"), *_correlations("COAZRAZ"))),
    ("AZEX", Fixed(_u("S", 16, _TURN_16, "deg"), _u("E", 16, _TURN_16, "deg"))),
)

_ELEVATION = Compound(
    _named(_s("EL", 16, _HALF_16, "deg")),
    _named(_u("RSEL", 16, _FINE_DEG, "deg")),
    _named(_u("SDEL", 16, _FINE_DEG, "deg")),
    _named(_s("ER", 16, _HALF_16, "degps")),
    ("SDER", Fixed(_u("SDELR", 16, _FINE_DEG, "degps"), *_correlations("COELREL"))),
    ("ELEX", Fixed(_s("S", 16, _HALF_16, "deg"), _s("E", 16, _HALF_16, "deg"))),
)

CAT015_1_2 = Edition(
    category=15,
    edition="1.2",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("000", Fixed(_B("MT", 7), _B("RG", 1))),
        ("015", Fixed(_B("SID", 8))),
        ("020", Extended((_B("MOMU", 2), _B("TTAX", 2), _B("SCD", 2), spare(1)))),
        ("030", Repetitive(_B("WE", 7), fx=True)),
        ("145", Fixed(_u("TOA", 24, 1.0 / 128.0, "s"))),
        ("161", Fixed(_B("TPN", 16))),
        (
            "170",
            Extended((*bits("BIZ", "BAZ", "TUR"), spare(1), *bits("CSTP", "CSTH", "CNF"))),
        ),
        ("050", Fixed(spare(2), _u("UPD", 14, 1.0 / 128.0, "s"))),
        (
            "270",
            Compound(
                *(_named(_u(name, 16, 0.01, "m")) for name in ("LEN", "WDT", "HGT")),
                _named(_u("ORT", 16, _TURN_16, "deg")),
            ),
        ),
        ("300", Repetitive(_B("CLS", 9), _B("PRB", 7))),
        ("400", Fixed(_B("PID", 16), _B("ON", 24))),
        ("600", _POSITION),
        ("601", _HEIGHT),
        ("602", _VELOCITY),
        ("603", _ACCELERATION),
        ("604", _CLIMB),
        ("605", _VERTICAL_ACCELERATION),
        ("480", Repetitive(_B("ASS", 40, "hex"))),
        ("625", _RANGE),
        ("626", _DOPPLER),
        ("627", _AZIMUTH),
        ("628", _ELEVATION),
        (
            "630",
            Compound(
                _named(_s("DPP", 8, 1.0, "dB")),
                _named(_s("DPS", 8, 1.0, "dB")),
                ("RPP", Fixed(spare(7), _s("RPP", 9, 1.0, "dB"))),
                _named(_s("RPS", 8, 1.0, "dB")),
            ),
        ),
        (
            "631",
            Repetitive(
                _u("AZCON", 16, _TURN_16, "deg"),
                _s("ELCON", 16, _HALF_16, "deg"),
                _u("RGCONSTOP", 16, 10_000.0 / 65536.0, "m"),
                _u("RGCONSTART", 16, 10_000.0 / 65536.0, "m"),
            ),
        ),
        ("SP", Explicit()),
    ),
)
