"""CAT048, monoradar target reports: EUROCONTROL-SPEC-0149-4, edition 1.32."""

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

__all__ = ["CAT048_1_32", "DOPPLER_LSB_MPS", "HEIGHT_LSB_FT", "RHO_LSB_NM", "THETA_LSB_DEG"]

RHO_LSB_NM = 1.0 / 256.0  # I048/040
THETA_LSB_DEG = 360.0 / 65536.0  # I048/040
HEIGHT_LSB_FT = 25.0  # I048/110
DOPPLER_LSB_MPS = 1.0  # I048/120, CAL
_GSP_LSB = 2.0**-14  # NM/s

_B = Field  # a bit or a code


def _element(name: str, bits: int = 1) -> tuple[Field, Field]:
    """Return "element populated" and its value."""
    return Field(f"{name}_EP", 1), Field(f"{name}_VAL", bits)


CAT048_1_32 = Edition(
    category=48,
    edition="1.32",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("140", Fixed(Field("TOD", 24, lsb=1.0 / 128.0, unit="s"))),
        (
            "020",
            Extended(
                (_B("TYP", 3), *bits("SIM", "RDP", "SPI", "RAB")),
                (*bits("TST", "ERR", "XPP", "ME", "MI"), _B("FOEFRI", 2)),
                (*_element("ADSB"), *_element("SCN"), *_element("PAI"), spare(1)),
                (*_element("ACASXV", 4), *_element("POXPR")),
                (*_element("POACT"), *_element("DTFXPR"), *_element("DTFACT"), spare(1)),
                (*_element("IRMXPR"), *_element("IRMACT"), spare(3)),
            ),
        ),
        (
            "040",
            Fixed(
                Field("RHO", 16, lsb=RHO_LSB_NM, unit="NM"),
                Field("THETA", 16, lsb=THETA_LSB_DEG, unit="deg"),
            ),
        ),
        ("070", Fixed(*bits("V", "G", "L"), spare(1), _B("MODE3A", 12, "octal"))),
        ("090", Fixed(*bits("V", "G"), Field("FL", 14, "int", 0.25))),
        (
            "130",
            Compound(
                ("SRL", Fixed(Field("SRL", 8, lsb=360.0 / 8192.0, unit="deg"))),
                ("SRR", Fixed(_B("SRR", 8))),
                ("SAM", Fixed(Field("SAM", 8, "int", 1.0, "dBm"))),
                ("PRL", Fixed(Field("PRL", 8, lsb=360.0 / 8192.0, unit="deg"))),
                ("PAM", Fixed(Field("PAM", 8, "int", 1.0, "dBm"))),
                ("RPD", Fixed(Field("RPD", 8, "int", 1.0 / 256.0, "NM"))),
                ("APD", Fixed(Field("APD", 8, "int", 360.0 / 16384.0, "deg"))),
            ),
        ),
        ("220", Fixed(_B("ADR", 24, "hex"))),
        ("240", Fixed(_B("TID", 48, "ident"))),
        ("250", Repetitive(_B("MBDATA", 56, "hex"), _B("BDS1", 4), _B("BDS2", 4))),
        ("161", Fixed(spare(4), _B("TRN", 12))),
        (
            "042",
            Fixed(
                Field("X", 16, "int", 1.0 / 128.0, "NM"),
                Field("Y", 16, "int", 1.0 / 128.0, "NM"),
            ),
        ),
        (
            "200",
            Fixed(
                Field("GSP", 16, lsb=_GSP_LSB, unit="NMps"),
                Field("HDG", 16, lsb=360.0 / 65536.0, unit="deg"),
            ),
        ),
        (
            "170",
            Extended(
                (_B("CNF", 1), _B("RAD", 2), *bits("DOU", "MAH"), _B("CDM", 2)),
                (*bits("TRE", "GHO", "SUP", "TCC"), spare(3)),
            ),
        ),
        (
            "210",
            Fixed(
                Field("SIGX", 8, lsb=1.0 / 128.0, unit="NM"),
                Field("SIGY", 8, lsb=1.0 / 128.0, unit="NM"),
                Field("SIGV", 8, lsb=_GSP_LSB, unit="NMps"),
                Field("SIGH", 8, lsb=360.0 / 4096.0, unit="deg"),
            ),
        ),
        ("030", Repetitive(_B("WE", 7), fx=True)),
        (
            "080",
            Fixed(
                spare(4),
                *bits("QA4", "QA2", "QA1", "QB4", "QB2", "QB1"),
                *bits("QC4", "QC2", "QC1", "QD4", "QD2", "QD1"),
            ),
        ),
        (
            "100",
            Fixed(
                *bits("V", "G"),
                spare(2),
                _B("MODEC", 12, "hex"),
                spare(4),
                *bits("QC1", "QA1", "QC2", "QA2", "QC4", "QA4"),
                *bits("QB1", "QD1", "QB2", "QD2", "QB4", "QD4"),
            ),
        ),
        ("110", Fixed(spare(2), Field("3DH", 14, "int", HEIGHT_LSB_FT, "ft"))),
        (
            "120",
            Compound(
                (
                    "CAL",
                    Fixed(
                        _B("D", 1), spare(5), Field("CAL", 10, "int", DOPPLER_LSB_MPS, "mps")
                    ),
                ),
                (
                    "RDS",
                    Repetitive(
                        Field("DOP", 16, lsb=1.0, unit="mps"),
                        Field("AMB", 16, lsb=1.0, unit="mps"),
                        Field("FRQ", 16, lsb=1.0, unit="MHz"),
                    ),
                ),
            ),
        ),
        (
            "230",
            Fixed(
                _B("COM", 3),
                _B("STAT", 3),
                _B("SI", 1),
                spare(1),
                *bits("MSSC", "ARC", "AIC", "B1A"),
                _B("B1B", 4),
            ),
        ),
        ("260", Fixed(_B("ACAS", 56, "hex"))),
        ("055", Fixed(*bits("V", "G", "L"), _B("MODE1", 5))),
        ("050", Fixed(*bits("V", "G", "L"), spare(1), _B("MODE2", 12, "octal"))),
        ("065", Fixed(spare(3), *bits("QA4", "QA2", "QA1", "QB2", "QB1"))),
        (
            "060",
            Fixed(
                spare(4),
                *bits("QA4", "QA2", "QA1", "QB4", "QB2", "QB1"),
                *bits("QC4", "QC2", "QC1", "QD4", "QD2", "QD1"),
            ),
        ),
        ("SP", Explicit()),
        ("RE", Explicit()),
    ),
)
