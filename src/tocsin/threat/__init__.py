"""Which site and zone a track nears, how surely, and when it arrives."""

from tocsin.threat._state import ThreatState, open_threat
from tocsin.threat.assess import assess_into

__all__ = ["ThreatState", "assess_into", "open_threat"]
