"""What a site file may say of an ASTERIX source: its framing and its editions."""

from collections.abc import Mapping, Sequence

from tocsin.codec._asterix_frames import FRAMINGS
from tocsin.codec.asterix import READABLE
from tocsin.errors import SiteError
from tocsin.model import Sensor

__all__ = ["check_asterix", "check_framings"]


def check_asterix(format: str, framing: str, editions: Mapping[str, str], here: str) -> None:
    """Raise SiteError for a framing that is none, or an edition that no table here reads."""
    if format != "asterix" and (framing or editions):
        what = "framing" if framing else "editions"
        raise SiteError(f'{here} has {what} and format {format!r}; only "asterix" has them')
    if framing and framing not in FRAMINGS:
        raise SiteError(
            f"{here} has framing {framing!r}; it can be {', '.join(FRAMINGS)}, or left out to "
            "see it in the bytes",
            framing=framing,
        )
    for category, edition in editions.items():
        if category not in READABLE:
            raise SiteError(
                f"{here} names an edition of category {category!r}; read are "
                f"{', '.join(READABLE)}",
                category=category,
            )
        if edition not in READABLE[category]:
            raise SiteError(
                f"{here} sends CAT{category} edition {edition}; the table here reads "
                f"{', '.join(READABLE[category])}, and would take another for damage",
                category=category,
                edition=edition,
            )


def check_framings(sensors: Sequence[Sensor], where: str) -> None:
    """Raise SiteError where two sensors of one address are framed in different ways."""
    first: dict[str, Sensor] = {}
    for sensor in sensors:
        for address in sensor.listen:
            other = first.setdefault(address, sensor)
            if address != "http" and other.framing != sensor.framing:
                raise SiteError(
                    f"{where}: sensors {other.id!r} and {sensor.id!r} share {address} and name "
                    "different framings; what comes there has one: give both the same",
                    sensor=sensor.id,
                )
