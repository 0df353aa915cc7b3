"""The telling as rows: a timeline as CSV, and one row in the manner of the GTD."""

import csv
import io
from collections.abc import Sequence

from tocsin.model.accounts import Account
from tocsin.model.records import Assertion, Claim, State
from tocsin.model.register import Version, label_of
from tocsin.report._plain import plain
from tocsin.report._position import position_of
from tocsin.report._times import parts_of, time_said
from tocsin.report.telling import Telling, Told

__all__ = ["GTD_FIELDS", "gtd_row", "timeline_csv"]

# Fields after the codebook of the Global Terrorism Database (START, 2021), as far as the
# register can fill them; -9 unknown. It has room for three claims: all of them stand in
# `claimants`, which is ours.
GTD_FIELDS = (
    "eventid", "iyear", "imonth", "iday", "approxdate", "site", "latitude", "longitude",
    "specificity", "summary", "gname", "claimed", "claimmode_txt", "compclaim", "claim2",
    "claim3", "claimants", "nkill", "nwound", "scite1", "scite2", "scite3", "dbsource",
    "addnotes",
)  # fmt: skip


# What begins a formula, also in the full-width forms that some spreadsheets take for the same.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def timeline_csv(telling: Telling) -> str:
    """Return every sentence of a telling with its entries, as CSV (RFC 4180)."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(["section", "sentence", "words", "note", "no longer holds", "entries"])
    write.writerow(["summary", *_cells(telling.summary.text, "", ""), "",
                    " ".join(map(str, telling.summary.entries))])  # fmt: skip
    for section in telling.sections:
        for line in section.lines:
            write.writerow([
                section.title, *_cells(line.text, line.quote, line.note),
                "yes" if line.struck else "", " ".join(map(str, line.entries)),
            ])  # fmt: skip
    return out.getvalue()


def _cells(*texts: str) -> list[str]:
    """Return texts, plain, that no spreadsheet takes for a formula."""
    kept = [plain(text) for text in texts]
    return [f"'{text}" if text.lstrip()[:1] in _FORMULA else text for text in kept]


def gtd_row(account: Account, telling: Telling, kept: Sequence[tuple[Version, Told]]) -> str:
    """Return a head and one row as CSV.

    gname is "Unknown": the register attributes nothing. A count of people is given only where
    all that is told of it agrees; silence and contradiction leave it empty, and say so. That
    no claim is known is -9, not 0.
    """
    noun = account.incident
    claims = [n for v, n in kept if isinstance(n, Claim) and not v.withdrawn]
    names = list(dict.fromkeys(label_of(account.register, n.claimant) for n in claims))
    year, month, day = parts_of(noun.happened.earliest_s, noun.happened.latest_s)
    sources = [name for name, _ in telling.sources]
    is_public = telling.profile == "public"
    here = position_of(account.register, noun, telling.profile)
    notes = [] if telling.nature == "live" else [f"{telling.nature}: this did not happen"]
    row = {
        "eventid": noun.id, "iyear": year, "imonth": month, "iday": day,
        "approxdate": time_said(noun.happened, to_the_hour=is_public) if not day else "",
        "site": noun.site_name or noun.site,
        "latitude": here[0] if here else "", "longitude": here[1] if here else "",
        # 3: it stands for the area around it.
        "specificity": 5 if not here else 1 if here == (noun.lat, noun.lon) else 3,
        "summary": telling.summary.text, "gname": "Unknown",
        "claimed": 1 if claims else -9,
        "claimmode_txt": claims[0].mode if claims else "",
        "compclaim": -9 if not claims else int(len(names) > 1),
        "claim2": int(len(names) > 1), "claim3": int(len(names) > 2),
        "claimants": "; ".join(names),
        "nkill": _people(kept, "deaths", notes), "nwound": _people(kept, "injuries", notes),
        "dbsource": "Tocsin",
    }  # fmt: skip
    row |= {f"scite{n}": name for n, name in enumerate(sources[:3], start=1)}
    row["addnotes"] = "; ".join(notes)
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(GTD_FIELDS)
    write.writerow([_cells(str(row.get(name, "")))[0] if isinstance(row.get(name), str)
                    else row.get(name, "") for name in GTD_FIELDS])  # fmt: skip
    return out.getvalue()


def _people(kept: Sequence[tuple[Version, Told]], quantity: str, notes: list[str]) -> str:
    told = [
        n for v, n in kept
        if isinstance(n, Assertion) and n.quantity.casefold() == quantity and not v.withdrawn
    ]  # fmt: skip
    values = {n.value for n in told if n.state == State.STATED}
    numbers = [v for v in values if isinstance(v, float | int)]
    is_clear = len(values) == 1 and len(numbers) == 1 and all(
        n.state == State.STATED and n.bound == "exactly" for n in told
    )  # fmt: skip
    if is_clear:
        return f"{numbers[0]:g}"
    if told:
        words = sorted({str(n.value) if n.state == State.STATED else n.state for n in told})
        notes.append(f"{quantity}: {' / '.join(words)}")
    return ""
