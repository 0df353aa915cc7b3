"""CAT065, service status of a tracker: EUROCONTROL-SPEC-0149-12, edition 1.5."""

from tocsin.codec.asterix._items import Explicit, Field, Fixed, spare
from tocsin.codec.asterix._records import Edition

__all__ = ["CAT065_1_5"]

_B = Field  # a bit or a code

CAT065_1_5 = Edition(
    category=65,
    edition="1.5",
    profile=(
        ("010", Fixed(_B("SAC", 8), _B("SIC", 8))),
        ("000", Fixed(_B("TYP", 8))),
        ("015", Fixed(_B("SID", 8))),
        ("030", Fixed(Field("TOD", 24, lsb=1.0 / 128.0, unit="s"))),
        ("020", Fixed(_B("BTN", 8))),
        (
            "040",
            Fixed(
                _B("NOGO", 2), _B("OVL", 1), _B("TSV", 1), _B("PSS", 2), _B("STTN", 1), spare(1)
            ),
        ),
        ("050", Fixed(_B("REP", 8))),
        *(None,) * 5,
        ("RE", Explicit()),
        ("SP", Explicit()),
    ),
)
