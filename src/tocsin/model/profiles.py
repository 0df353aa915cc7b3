"""What a kind of site sets beforehand: words, what comes first, playbook, report."""

from dataclasses import dataclass

from tocsin.model.advice import PlaybookLine

__all__ = ["PROFILE_NAMES", "Profile"]

PROFILE_NAMES = ("base", "airport", "plant", "stadium")


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile, as screens and reports use it.

    operations: what is suspended and resumed there; people: who is in the zones; told:
    the post that is read what happens; first: "zones" or "operations", what stands at the top;
    report: title of the shift report; resume_criteria: for sites that name none of their own;
    playbook: lines that are shown beside those of the site file.
    """

    name: str = "base"
    operations: str = "Operations"
    people: str = "people"
    told: str = "command post"
    first: str = "zones"
    report: str = "Shift report"
    resume_criteria: tuple[str, ...] = ()
    playbook: tuple[PlaybookLine, ...] = ()
