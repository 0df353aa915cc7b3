"""Who may do what, as one table: what it does not allow is denied.

A role is of a person; a right is what a route or an act asks for. Nobody gets a right by
another role's name: an administrator gives roles and releases no warning.
"""

from collections.abc import Mapping

__all__ = [
    "ACT_RIGHTS", "KEPT", "LOWERING", "POSITION_RIGHTS", "POSITION_ROLES", "RECORD_RIGHTS",
    "RIGHTS", "ROLES", "raises", "rights_of",
]  # fmt: skip

ROLES = (
    "viewer", "watch officer", "site commander", "incident officer", "planner", "technician",
    "auditor", "privacy officer", "administrator",
)  # fmt: skip

# What a screen of the watch may be signed in as; everything else asks for a person.
POSITION_ROLES = ("viewer", "watch officer", "site commander")

_WATCH = frozenset(("watch officer", "site commander"))

RIGHTS: Mapping[str, frozenset[str]] = {
    "look": frozenset(ROLES),
    "warn": _WATCH,
    "tell": _WATCH | {"incident officer", "technician"},
    "watch": _WATCH,
    "ask a sensor": _WATCH | {"technician"},
    "open an operator": _WATCH | {"incident officer", "privacy officer"},
    "write the record": frozenset(("incident officer",)),
    "approve": frozenset(("incident officer", "site commander")),
    "take the record out": frozenset(("incident officer", "auditor")),
    "read a report": frozenset(("incident officer", "site commander", "auditor")),
    "sign a checkpoint": frozenset(("incident officer", "auditor")),
    "open a source": frozenset(("incident officer",)),
    "hold": frozenset(("incident officer", "privacy officer")),
    "read the service ledger": frozenset(("auditor", "privacy officer", "administrator")),
    "change the site file": frozenset(("planner", "administrator")),
    "choose the site file": frozenset(("administrator",)),
    "give roles": frozenset(("administrator",)),
}

# Acts of the watch. What people see and count is told by whoever is there.
ACT_RIGHTS: Mapping[str, str] = {
    "raise": "warn", "release": "warn", "suspend": "warn",
    "sighting": "tell", "account": "tell",
    "acknowledge": "watch", "decide": "watch", "explain": "watch", "refuse": "watch",
    "cancel": "watch", "clear": "watch", "dispose": "watch", "readiness": "watch",
    "end_shift": "watch", "begin_shift": "watch", "shelve": "watch", "unshelve": "watch",
    "resume": "watch", "accept_rule": "watch", "end_rule": "watch",
    "point": "ask a sensor",
}  # fmt: skip

# These lower protection, or end somebody's duty: at a duty position a person says who it is.
# Cancelling is not among them: it has 3 s, and takes back what the same position did. Nor is
# "readiness", which raises but where it ends.
LOWERING = frozenset(
    ("refuse", "clear", "dispose", "shelve", "accept_rule", "end_shift", "begin_shift",
     "resume")
)  # fmt: skip

# These end what lowered protection: an alarm comes off its shelf, a standing rule ends.
_RAISING_AGAIN = frozenset(("unshelve", "end_rule"))

# Acts of the record that ask for something else than "write the record".
RECORD_RIGHTS: Mapping[str, str] = {"approve": "approve"}

# What the end of a shift does not take: the picture (with its sound) and the warning.
KEPT = frozenset(("look", "warn", "tell"))

# What a duty position may ask for at all, a person's PIN or not.
POSITION_RIGHTS = KEPT | {"watch", "ask a sensor", "open an operator", "read a report"}


def rights_of(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rights that any of the roles gives, in the order of the table."""
    return tuple(right for right, who in RIGHTS.items() if who.intersection(roles))


def raises(verb: str) -> bool:
    """Tell whether an act of the watch can only raise protection: it is never held up."""
    return ACT_RIGHTS.get(verb) in ("warn", "tell") or verb in _RAISING_AGAIN
