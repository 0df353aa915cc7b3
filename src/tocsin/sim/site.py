"""The site file of the simulated day: a template into which ports and dates are put."""

import datetime
import string
from collections.abc import Mapping
from importlib import resources

__all__ = ["FEATURES", "PORTS", "default_site", "features_of", "render_site"]

PORTS = (
    "asad_radar",
    "asad_adsb",
    "asad_rid",
    "harir_sapient",
    "harir_adsb",
)  # names of ports in the template
FEATURES = ("al-asad.geojson", "al-harir.geojson")
_VALID_DAYS = 7  # authorisations hold a week around the day that is played


def render_site(ports: Mapping[str, int], epoch_s: float) -> str:
    """Return the site file; ports: one for each name in PORTS; epoch_s: Unix UTC of the day."""
    text = resources.files(__package__).joinpath("data/two_bases.toml").read_text()
    around = datetime.timedelta(days=_VALID_DAYS)
    day = datetime.datetime.fromtimestamp(epoch_s, datetime.UTC)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    return string.Template(text).substitute(
        {name: str(ports[name]) for name in PORTS},
        valid_from=(day - around).strftime(stamp),
        valid_until=(day + around).strftime(stamp),
    )


def default_site(epoch_s: float) -> str:
    """Return the site file with arbitrary ports, for raids that are played without sockets."""
    return render_site({name: 8600 + k for k, name in enumerate(PORTS)}, epoch_s)


def features_of(name: str) -> bytes:
    """Return the GeoJSON sketch of runways and perimeter of one site."""
    return resources.files(__package__).joinpath("data", name).read_bytes()
