"""Which site and zone a track nears, how surely, and when it arrives."""

from tocsin.threat._state import ThreatState, open_threat
from tocsin.threat.assess import assess_into
from tocsin.threat.volumes import look_at_volumes

__all__ = ["ThreatState", "assess_into", "look_at_volumes", "open_threat"]
