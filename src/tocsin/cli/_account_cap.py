"""An account as a CAP 1.2 message: for readers of alerts who want to know how it ended.

It is never a warning: its urgency is Past and it asks nobody for anything (responseType None).
What went out before is named in `references`, so a correction is an Update of it and a
withdrawal a Cancel.
"""

from urllib.parse import urlsplit

from tocsin.codec.cap import Area, CapAlert, Info, write_cap
from tocsin.model.accounts import Account
from tocsin.report import ROUNDED_KM, Release, Telling, notice, plain, position_of

__all__ = ["cap_of"]

_STATUS = {"live": "Actual", "exercise": "Exercise", "simulated": "Test"}
_HOUR_S = 3600


def cap_of(
    account: Account, telling: Telling, release: Release, *, url: str = "", draft: bool = False
) -> str:
    """Return the message as XML. url: the permalink of the page, "" none."""
    sender = urlsplit(url).hostname or "tocsin"
    cut = telling.profile == "public" and not release.exact

    def sent(at_s: float) -> float:
        return at_s - at_s % _HOUR_S if cut else at_s

    earlier = tuple(
        (sender, _identifier(account, number), sent(at_s)) for number, at_s in release.earlier
    )
    kind = "Cancel" if release.is_withdrawn and earlier else "Update" if earlier else "Alert"
    noun = account.incident
    place = plain(noun.site_name or noun.site)
    here = position_of(account.register, noun, telling.profile)
    # A place that is rounded for the public is told with how far it may be from there.
    radius_km = 0.0 if here == (noun.lat, noun.lon) else ROUNDED_KM
    circles = ((*here, radius_km),) if here else ()
    wrong = notice(telling)
    is_public = telling.profile == "public"
    info = Info(
        category=("Security",),
        event=noun.kind,
        urgency="Past",
        severity="Unknown",  # how bad it was is told by whom the account names, not by us
        certainty="Unknown",
        language="en",
        response=("None",),
        sender_name="Tocsin",
        headline=telling.title,
        description=telling.summary.text + (f"\n{wrong}" if wrong else ""),
        web=url,
        areas=(Area(place, circles=circles),) if place else (),
    )
    return write_cap(
        CapAlert(
            identifier=_identifier(account, release.number),
            sender=sender,
            sent_s=sent(release.latest_s),
            status="Draft" if draft else _STATUS[noun.nature],
            msg_type=kind,
            scope="Public" if is_public else "Restricted",
            restriction="" if is_public else f"for {telling.profile} use",
            references=earlier,
            incidents=noun.id,
            infos=(info,),
        )
    ).decode()


def _identifier(account: Account, number: int) -> str:
    return f"{account.incident.id}-{number}"
