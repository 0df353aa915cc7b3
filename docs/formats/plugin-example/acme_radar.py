"""The ACME radar: datagrams of "ACME", then plots of eight octets, most significant first.

A plot is range in metres (32 bits), azimuth in 1/100 degree (16 bits), elevation in 1/100
degree (16 bits, two's complement).
"""

import struct

HEAD = b"ACME"
PLOT = struct.Struct(">IHh")


def read(payload: bytes, arrival_s: float) -> list[dict[str, float]]:
    """Return the plots of one datagram; it says no time, so the arrival must do."""
    if payload[: len(HEAD)] != HEAD:
        raise ValueError("it does not begin with ACME")
    return [
        {
            "time_s": arrival_s,
            "range_m": float(range_m),
            "azimuth_deg": azimuth / 100.0,
            "elevation_deg": elevation / 100.0,
        }
        for range_m, azimuth, elevation in PLOT.iter_unpack(payload[len(HEAD) :])
    ]
