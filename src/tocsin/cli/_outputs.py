"""The files that tell one incident beside its page, by the ending of their names."""

from collections.abc import Sequence

from tocsin.model.accounts import Account
from tocsin.model.register import Version
from tocsin.report import Telling
from tocsin.report.telling import Told

__all__ = ["ENDINGS", "other_outputs"]

# Format as `tocsin report --format` takes it: how a published file of it ends.
ENDINGS = {
    "ninjs": ".ninjs.json", "jsonld": ".jsonld", "prov": ".prov.json", "csv": ".csv",
    "gtd": ".gtd.csv",
}  # fmt: skip


def other_outputs(
    account: Account,
    telling: Telling,
    kept: Sequence[tuple[Version, Told]],
    *,
    url: str = "",
    tags: Sequence[str] = (),
    status: str = "",
) -> dict[str, str]:
    """Return the text of each format. url: the permalink of the page, "" none; status: that
    of ninjs, "" usable.
    """
    from tocsin import report

    uri = url or f"urn:tocsin:{account.incident.id}"
    return {
        "ninjs": report.ninjs(account, telling, uri=uri, tags=tags, status=status),
        "jsonld": report.json_ld(account, telling, kept, url=url, tags=tags),
        "prov": report.prov(account, telling, kept),
        "csv": report.timeline_csv(telling),
        "gtd": report.gtd_row(account, telling, kept),
    }
