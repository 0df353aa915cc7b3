"""What was found of a sensor, in words: for the shift report and for technicians."""

from collections.abc import Mapping

__all__ = ["finding_words"]


def finding_words(found: Mapping[str, float]) -> list[str]:
    """Say in what a sensor is plainly other than the site file says; it is used as it is.

    found: by the names of `model.SensorStatus`, without what was not found.
    """
    out = []
    if "false_alarms" in found:
        out.append(
            f"it reports some {found['false_alarms']:.0f} false alarms a scan, far more than "
            "the site file says"
        )
    elif "clutter_cells" in found:
        out.append("part of what it sees is thick with false alarms (a road, trees, a ridge?)")
    if "scatter" in found:
        out.append(
            f"its places scatter some {found['scatter']:.1f} times as much as the site file "
            "says"
        )
    if "detection" in found:
        out.append(
            f"in a look it sees some {found['detection']:.0%} of what is there, less than the "
            "site file says"
        )
    off = [
        f"{words} {found[name]:+{form}}"
        for name, words, form in (
            ("azimuth_error_deg", "azimuth (degrees)", ".1f"),
            ("elevation_error_deg", "elevation (degrees)", ".1f"),
            ("range_error_m", "range (m)", ".0f"),
            ("time_error_s", "time (s)", ".2f"),
        )
        if name in found
    ]
    if off:
        out.append(f"beside the others it is off, {', '.join(off)}: taken off its reports")
    return out
