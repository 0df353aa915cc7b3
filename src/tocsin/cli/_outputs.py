"""The files that tell one incident beside its page, by the ending of their names."""

from collections.abc import Sequence
from pathlib import Path

from tocsin.errors import CallError
from tocsin.model.accounts import Account
from tocsin.model.register import Version
from tocsin.report import Release, Telling
from tocsin.report.telling import Told

__all__ = ["ENDINGS", "format_of", "other_outputs", "pdf_of"]

# Format as `tocsin report --format` takes it: how a published file of it ends.
ENDINGS = {
    "ninjs": ".ninjs.json", "jsonld": ".jsonld", "prov": ".prov.json", "csv": ".csv",
    "gtd": ".gtd.csv", "cap": ".cap.xml",
}  # fmt: skip

_FORMATS = ("html", "pdf", *ENDINGS)
# What a file's last ending leaves open.
_SUFFIXES = {
    ".html": ("html",), ".htm": ("html",), ".pdf": ("pdf",), ".jsonld": ("jsonld",),
    ".csv": ("csv", "gtd"), ".json": ("ninjs", "prov", "jsonld"), ".xml": ("cap",),
}  # fmt: skip


def format_of(out: Path, asked: str) -> str:
    """Return the format to write a file in: as asked, "" as the ending of its name says, and
    HTML where that says nothing. CallError where they contradict each other.
    """
    if asked and asked not in _FORMATS:
        raise CallError(f"there is no format {asked!r}; give one of {', '.join(_FORMATS)}")
    name = out.name.lower()
    whole = [f for f, ending in ENDINGS.items() if name.endswith(ending) and f != "csv"]
    fits = tuple(whole) or _SUFFIXES.get(Path(name).suffix, ())
    if asked:
        if fits and asked not in fits:
            raise CallError(
                f"{out.name} is the name of another format than {asked}: {' or '.join(fits)}; "
                "give another --out or --format"
            )
        return asked
    if name.endswith(".csv") and not whole:
        return "csv"
    if len(fits) > 1:
        raise CallError(f"{out.name} may be {' or '.join(fits)}; give --format")
    return fits[0] if fits else "html"


def other_outputs(
    account: Account,
    telling: Telling,
    kept: Sequence[tuple[Version, Told]],
    release: Release,
    *,
    url: str = "",
    tags: Sequence[str] = (),
    status: str = "",
) -> dict[str, str]:
    """Return the text of each format. url: the permalink of the page, "" none; status: that
    of ninjs, "" usable.
    """
    from tocsin import report
    from tocsin.cli._account_cap import cap_of

    uri = url or f"urn:tocsin:{account.incident.id}"
    return {
        "ninjs": report.ninjs(account, telling, release, uri=uri, tags=tags, status=status),
        "jsonld": report.json_ld(account, telling, kept, release, url=url, tags=tags),
        "prov": report.prov(account, telling, kept),
        "csv": report.timeline_csv(telling),
        "gtd": report.gtd_row(account, telling, kept),
        "cap": cap_of(account, telling, release, url=url, draft=status == "withheld"),
    }


def pdf_of(source: str) -> bytes:
    """Return the PDF of a Typst source: the same bytes each time. The fonts are those that
    come with Typst, so it looks the same everywhere. CallError where it is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise CallError(
            "a PDF needs the extra: python -m pip install 'tocsin[pdf]' (or print the HTML)"
        ) from error
    made: bytes = typst.compile(source.encode(), format="pdf", ignore_system_fonts=True)
    return made
