"""When to warn, whom, and when to stand down: the ladder, alarms, releases, acts of people.

Nothing here acts on the world: it says which zones have to take shelter, and a person (or the
rule that a site chose for a zone) releases the warning.
"""

from tocsin.alert._beside import tell_beside_into
from tocsin.alert._shift import handovers
from tocsin.alert._siren_paths import hear_sirens_into
from tocsin.alert._state import (
    AlertState,
    alarms,
    notices,
    open_alert,
    sightings,
    zones,
)
from tocsin.alert.acts import act_into
from tocsin.alert.advance import advance_into
from tocsin.model import AlertEvent

__all__ = [
    "AlertEvent",
    "AlertState",
    "act_into",
    "advance_into",
    "alarms",
    "handovers",
    "hear_sirens_into",
    "notices",
    "open_alert",
    "sightings",
    "tell_beside_into",
    "zones",
]
