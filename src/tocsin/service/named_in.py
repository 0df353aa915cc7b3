"""Whether an account that somebody lets out names a person of the staff.

The ledger holds pseudonyms, so neither the record's own rules nor `tocsin publish` know a name
that stands in somebody's words. The service does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin import record, report
from tocsin.errors import CallError
from tocsin.model.accounts import Account
from tocsin.model.records import Assertion, Claim, Relation
from tocsin.model.register import Register

__all__ = ["why_named"]


def why_named(register: Register, body: Mapping[str, Any], reveal: Callable[[str], str]) -> str:
    """Return why an approval or a step of publication may not be taken, or "".

    body: of the act, as it came; what is wrong with it otherwise is not judged here.
    """
    profile = body.get("profile", "public")
    try:
        account = record.account(register, str(body.get("incident", "")))
    except CallError:
        return ""
    if profile not in ("partner", "public"):
        return ""
    known = report.withheld_values(account, profile)
    names = report.withheld_values(account, profile, name_of=reveal)
    names = {name: what for name, what in names.items() if name not in known}
    # What a person marked for the public may name somebody.
    nouns: list[Assertion | Claim | Relation] = [n for _, n in account.statements]
    nouns += [n for _, n in account.claims]
    nouns += [n for _, n in account.relations]
    marked = " ".join(n.verbatim for n in nouns if n.audience == "public")
    found = set(report.found_in(_words(account, profile, body), names))
    found -= set(report.found_in(marked, names))
    if not found:
        return ""
    return (
        f"what {profile} readers would get of {account.incident.id} names {sorted(found)[0]!r},"
        " a person of the staff: correct the words, or mark the statement internal"
    )


def _words(account: Account, profile: str, body: Mapping[str, Any]) -> str:
    telling = report.tell(account, profile)
    lines = [line for section in telling.sections for line in section.lines]
    texts = [telling.title, *(t for n in lines for t in (n.text, n.quote, n.note))]
    draft = record.newest_draft(account.register, account.incident.id, profile)
    if draft is not None:
        texts += [draft.headline, *(sentence.text for sentence in draft.sentences)]
    sentences = body.get("sentences")
    sentences = sentences if isinstance(sentences, list) else []
    written = [body.get(name) for name in ("headline", "wrong", "right")]
    written += [s.get("text") for s in sentences if isinstance(s, dict)]
    texts += [text for text in written if isinstance(text, str)]
    return "\n".join(texts)
