"""When to warn, whom, and when to stand down: the ladder, alarms, releases, acts of people.

Nothing here acts on the world: it says which zones have to take shelter, and a person (or the
rule that a site chose for a zone) releases the warning.
"""

from tocsin.alert._beside import is_beside_untold, tell_beside_into
from tocsin.alert._operations import operations
from tocsin.alert._shift import handovers
from tocsin.alert._shift_rules import shift_rules
from tocsin.alert._siren_paths import hear_sirens_into
from tocsin.alert._site_change import move_to, stands_against
from tocsin.alert._state import (
    AlertState,
    alarms,
    notices,
    open_alert,
    sightings,
    zones,
)
from tocsin.alert._volumes import conflicts, is_volume_look, protect_into, volumes
from tocsin.alert.acts import act_into
from tocsin.alert.advance import advance_into
from tocsin.model import AlertEvent

__all__ = [
    "AlertEvent",
    "AlertState",
    "act_into",
    "advance_into",
    "alarms",
    "conflicts",
    "handovers",
    "hear_sirens_into",
    "is_beside_untold",
    "is_volume_look",
    "move_to",
    "notices",
    "open_alert",
    "operations",
    "protect_into",
    "shift_rules",
    "sightings",
    "stands_against",
    "tell_beside_into",
    "volumes",
    "zones",
]
