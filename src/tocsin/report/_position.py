"""Where an incident is told to have been: to the public no closer than its site."""

from tocsin.model.records import Incident
from tocsin.model.register import Register

__all__ = ["ROUNDED_KM", "position_of"]

ROUNDED_KM = 8.0  # a tenth of a degree: what is rounded to it lies at most so far away


def position_of(
    register: Register, incident: Incident, profile: str
) -> tuple[float, float] | None:
    """Return latitude and longitude (degrees) for a profile's readers, None where not known.

    What a person gave may be where something came down, to the metre: the public gets it to a
    tenth of a degree.
    """
    lat, lon = incident.lat, incident.lon
    if lat is None or lon is None:
        return None
    if profile != "public" or _is_of_the_site(register, incident):
        return lat, lon
    return round(lat, 1), round(lon, 1)


def _is_of_the_site(register: Register, incident: Incident) -> bool:
    """Tell whether a position is that of the site, as the watch put it down with its alarm."""
    first = register.rows[incident.id].versions[0].noun
    return (
        bool(incident.alarm)
        and isinstance(first, Incident)
        and (incident.lat, incident.lon) == (first.lat, first.lon)
    )
