"""Heights over the ellipsoid from heights over the sea: docs/formats/README.md."""

from tocsin.model import Node, Sensor

__all__ = ["geoid_of"]


def geoid_of(node: Node, sensor: Sensor | None) -> float:
    """Return the geoid's height over the ellipsoid at the sensor's first site, in metres.

    A sensor that names no site stands at the node's first one. 0 where there is no site at all.
    """
    if sensor is not None and sensor.sites:
        for site in node.sites:
            if site.id == sensor.sites[0]:
                return site.geoid_m
    return node.sites[0].geoid_m if node.sites else 0.0
