"""What the site's own playbook says, and what of it is put before the officer."""

from dataclasses import dataclass, field

__all__ = ["THREAT_KINDS", "Advice", "Contact", "PlaybookLine"]

# What a line of the playbook may be for: what a track is taken to be, or why else an alarm
# stands.
THREAT_KINDS = (
    "drone", "unknown", "bird", "aircraft", "balloon", "other", "sighting", "by hand",
    "not watching", "not heard", "protected volume",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is told: a post, never a person's name, and how it is reached by voice."""

    post: str
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class PlaybookLine:
    """One line that a site wrote beforehand: words for a person, carried out by people.

    step: from which step of an alarm on; threats: see THREAT_KINDS, none named means all;
    sites, zones: ids, none named means all; lead_s: how long it takes to do, so that it is
    shown until when it can still be done (NaN: it does not matter).
    """

    id: str
    step: str
    words: str
    tell: tuple[Contact, ...] = ()
    threats: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    lead_s: float = float("nan")


@dataclass(frozen=True, slots=True)
class Advice:
    """A line of the playbook that fits an alarm now.

    Lines stand in the order of the site file: nothing is ranked. reason: why it is shown;
    until_s: last moment (Unix) at which it can be begun in time, earliest arrival less lead_s
    (inf: no arrival is in sight, or it needs no lead). followed: a decision named it;
    not_followed: why not, in the words of a person.
    """

    alarm_id: str
    line: str
    site_id: str
    step: str
    words: str
    tell: tuple[Contact, ...]
    reason: str
    lead_s: float = float("nan")
    until_s: float = float("inf")
    followed: bool = False
    not_followed: str = field(default="")
