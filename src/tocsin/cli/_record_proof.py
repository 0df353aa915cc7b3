"""`tocsin record verify|checkpoint|held|export|take|evidence`: proofs, and who holds them."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from tocsin.cli._ledger import entries_of, is_export, is_package
from tocsin.cli._output import print_json, print_words, write_whole
from tocsin.errors import CallError, FormatError

if TYPE_CHECKING:
    from tocsin.cli._stamps import Roots
    from tocsin.record import Held, Kept
    from tocsin.record.verifier import Key, Row
    from tocsin.service.checkpoint_book import Made, PeerStanding
    from tocsin.service.notary import Notary

__all__ = ["add_to", "notary_of", "trusted_in"]

_Json = Annotated[bool, Parameter(negative="")]


def add_to(app: cyclopts.App) -> None:
    """Give `tocsin record` these verbs."""
    for function in (verify, checkpoint, held, export, evidence, take):
        app.command(function)


def verify(
    path: Path,
    /,
    *,
    kept: Path | None = None,
    held: Annotated[list[str] | None, Parameter(negative="")] = None,
    code: str = "",
    key: Annotated[list[Path] | None, Parameter(negative="")] = None,
    tsa: Annotated[list[str] | None, Parameter(negative="")] = None,
    json: _Json = False,
) -> None:
    """Say whether a ledger is unchanged, since when and by whose witness.

    Exit status 0 if it holds, 1 if not; then the first bad entry is named. A missing tail, an
    older state put back and a fork show only against something that lies elsewhere.

    Example: tocsin record verify data/ --held neighbour=from-neighbour.txt --json

    Parameters
    ----------
    path
        A data folder of `tocsin watch`, a journal (folder or file), an exported ledger, or a
        package.
    kept
        An earlier result of `tocsin record verify --json`, or an earlier export.
    held
        NAME=FILE: checkpoints that another party holds. May be given several times.
    code
        The short code of a checkpoint from a logbook, for example 1200-K7QM-....
    key
        Public keys that you trust (`tocsin key export` writes them): checkpoints and packages
        must be signed by one of them.
    tsa
        NAME=FILE: the root certificates (PEM) of a time-stamping authority, as the site file
        names it. Without them its stamps are told and their signatures are not checked.
    json
        Print one JSON object: ok, first_bad, reason, entries, head, witness, checkpoint,
        stamps.
    """
    from tocsin.cli._packages import held_of, read_keys
    from tocsin.cli._stamps import roots_of, stamp_words, stamps_in
    from tocsin.record import verify_rows

    if not path.exists():
        raise CallError(f"there is no {path}; give a journal or an exported ledger")
    keys = read_keys(key or ())
    given = held_of(held or (), keys)
    roots = roots_of(tsa or ())
    kept_head, earlier = _kept(kept)
    code = _code(code)
    if is_package(path):
        found, told = _package(path, keys, roots, kept=kept_head, earlier=earlier, held=given,
                               code=code)  # fmt: skip
        _say(found, told, json=json)
        if not found["ok"]:
            sys.exit(1)
        return
    own = _own_checkpoints(path, keys)
    _need_ledger(path, own)
    stamped = stamps_in(path, keys, roots)
    held_all = [*own, *given, *(s.held for s in stamped)]
    verdict = verify_rows(
        _rows(path), kept=kept_head, earlier=earlier, held=held_all, code=code
    )
    if verdict.first_bad is None and not verdict.entries:
        raise FormatError(f"{path} holds no entry of a ledger")
    outside = [h.by for h in given]
    rows = [s.row for s in stamped] if verdict.first_bad is None else []
    result = {
        "ok": verdict.first_bad is None, "first_bad": verdict.first_bad,
        "reason": verdict.reason, "entries": verdict.entries, "head": verdict.head.hex(),
        "witness": verdict.witness,
        "checkpoint": max((h.checkpoint.size for h in [*own, *given]), default=None),
        "stamps": rows,
    }  # fmt: skip
    told = [verdict.reason + "."]
    if not result["ok"]:
        told.append(f"First bad entry: {verdict.first_bad}.")
    elif verdict.witness and not outside and not kept and not code:
        told.append(
            "Who holds it is what this folder says: get the checkpoint from there and give it "
            "with --held."
        )
    _say(result, [*told, *stamp_words(rows)], json=json)
    if not result["ok"]:
        sys.exit(1)


def _say(result: dict[str, Any], words: list[str], *, json: bool) -> None:
    if json:
        print_json(result)
    else:
        print_words("\n".join(words))


def _package(
    path: Path, keys: "list[Key]", roots: "Roots", *, kept: "Kept | None",
    earlier: "Iterator[bytes] | None", held: "list[Held]", code: str,
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    """Return what was found of a package, and the lines that say so."""
    from tocsin.cli._packages import checked, judged
    from tocsin.cli._stamps import check_packed, stamp_words

    found = checked(path, keys)
    found["witness"] = ""
    if found["ok"]:
        check_packed(path, found["stamps"], roots)
    if found["ok"] and (held or kept or code or earlier is not None):
        verdict = judged(path, kept=kept, earlier=earlier, held=held, code=code)
        if verdict.first_bad is not None:
            found |= {"ok": False, "first_bad": verdict.first_bad, "reason": verdict.reason}
        found["witness"] = verdict.witness
    told = [found["reason"] + "."]
    if not found["ok"]:
        if found["first_bad"] is not None:
            told.append(f"First bad entry: {found['first_bad']}.")
    else:
        told.append((found["witness"] or "There is no outside witness") + ".")
        if not keys:
            told.append(
                "It is signed by keys that it names itself; compare them with those of the "
                "watch and give them with --key."
            )
    return found, [*told, *stamp_words(found["stamps"])]


def _rows(path: Path) -> "Iterator[Row]":
    """Yield the rows of a journal, or of an exported ledger, as they lie there."""
    from tocsin.record.lines import check_head
    from tocsin.record.verifier import lines_of
    from tocsin.service.ledger_reader import journal_rows

    if not path.is_file() or path.suffix == ".sqlite":
        yield from journal_rows(path)
        return
    try:
        with path.open("rb") as file:
            check_head(next(iter(file), b""), path.name)
            yield from lines_of(file)
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}") from error


def _need_ledger(path: Path, own: "list[Held]") -> None:
    """Raise CallError for a folder that never held a ledger: nothing in it would "fit"."""
    from tocsin.service.journal import journal_files

    if path.is_dir() and not own and not journal_files(path):
        raise CallError(
            f"{path} holds no ledger; give a data folder of `tocsin watch`, an exported ledger "
            "or a package"
        )


def _own_checkpoints(path: Path, keys: "list[Key]") -> "list[Held]":
    """Return the checkpoints of a data folder, with who took them by its own account."""
    from tocsin.record import Held
    from tocsin.record.verifier import why_not_signed
    from tocsin.service.checkpoint_book import CheckpointBook
    from tocsin.service.notary import BOOK

    file = path / BOOK
    if not file.exists():
        return []
    book = CheckpointBook(file, reading=True)
    try:
        made, known = book.made(), keys or [s.key for s in book.signing_keys()]
        shown = book.witnessed()
    finally:
        book.close()
    # One signature takes milliseconds here: those of the newest and of the newest held are
    # checked; all are compared with the ledger.
    newest_held = [m for m in made if m.holders][-1:]
    for one in {m.checkpoint.size: m for m in [*newest_held, *made[-1:]]}.values():
        wrong = why_not_signed(one.note, known, one.checkpoint.origin)
        if wrong:
            raise FormatError(f"the checkpoint of {one.checkpoint.size} entries: {wrong}")
    own = [Held(m.checkpoint, " and ".join(m.holders)) for m in made]
    # What peers showed us of this very ledger, signed by us, when it did not go on from it.
    return own + [Held(w.checkpoint, w.peer) for w in shown]


def _code(text: str) -> str:
    size = text.partition("-")[0]
    if text and not size.isdecimal():
        raise CallError(
            f"{text!r} is no short code; it looks like 1200-K7QM-2PAF-XQ3D-7RTA, as `tocsin "
            "record checkpoint` prints it"
        )
    return text.upper()


def _kept(path: Path | None) -> "tuple[Kept | None, Iterator[bytes] | None]":
    """Return (head, digests of a copy) of what was kept elsewhere."""
    import msgspec

    from tocsin.record import Kept

    if path is None:
        return None, None
    if is_export(path) or is_package(path) or path.is_dir() or path.suffix == ".sqlite":
        return None, (entry.digest for entry in entries_of(path))
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        return Kept(int(found["entries"]), bytes.fromhex(found["head"])), None
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise CallError(
            f"{path} is neither an export nor a result of `tocsin record verify --json`"
        ) from error


def notary_of(data: Path) -> "Notary":
    """Open the notary of a data folder; its own keys sign."""
    from tocsin.service.notary import open_notary

    if not (data / "journal").is_dir():
        raise CallError(f"{data} is no data folder of `tocsin watch`; give its --data")
    return open_notary(data)


def checkpoint(
    data: Path, /, *, out: Path | None = None, holder: str = "", json: _Json = False
) -> None:
    """Sign the ledger as it stands, and print a short code to write into a logbook.

    Give the file (or the code) to somebody outside: from then on nobody can write the ledger
    anew without it showing.

    Example: tocsin record checkpoint data/ --out today.txt --holder "head office"

    Parameters
    ----------
    data
        The data folder of `tocsin watch`; it may be running.
    out
        A file to write the checkpoint to.
    holder
        Who gets it: `tocsin record verify` then names them as holding it.
    json
        Print one JSON object: checkpoint, code, note, held_by, out, peers.
    """
    from tocsin.record.verifier import short_code

    notary = notary_of(data)
    made = notary.sign(time.time())
    if made is None:
        raise FormatError(f"{data} holds no entry of a ledger")
    size = made.checkpoint.size
    if out is not None:
        write_whole(out, made.note.encode())
    if holder:
        notary.book.note_holder(size, holder, time.time())
    code = short_code(size, made.checkpoint.root)
    names = [*made.holders, *([holder] if holder and holder not in made.holders else [])]
    peers = notary.book.peers()
    result = {"checkpoint": size, "code": code, "note": made.note, "held_by": names,
              "out": str(out) if out else None, "peers": peers}  # fmt: skip
    by = f"held by {' and '.join(names)}" if names else "no outside witness yet"
    words = [f"Checkpoint {size} of {notary.origin}: {by}.", f"Code: {code}"]
    _say(result, [*words, *map(_peer_words, peers)], json=json)


def _peer_words(peer: "PeerStanding") -> str:
    text = f"{peer.peer} has countersigned "
    text += f"checkpoint {peer.held}" if peer.held is not None else "nothing yet"
    return text + (f"; not since: {peer.error}" if peer.error else "") + "."


def held(
    data: Path, /, *, peer: str = "", out: Path | None = None, json: _Json = False
) -> None:
    """List the checkpoints that this folder holds for other sites, or write them to a file.

    A site whose ledger is doubted gets them from here: `tocsin record verify --held`.

    Example: tocsin record held data/ --peer north --out for-north.txt

    Parameters
    ----------
    data
        The data folder of `tocsin watch`.
    peer
        Only those of this [[peer]] of the site file.
    out
        A file to write them to.
    json
        Print one JSON object: held, out.
    """
    from tocsin.service.checkpoint_book import CheckpointBook
    from tocsin.service.notary import BOOK

    if not (data / BOOK).exists():
        raise CallError(f"{data} holds no checkpoints")
    found = CheckpointBook(data / BOOK, reading=True).received(peer)
    if out is not None:
        write_whole(out, "\n".join(r.note for r in found).encode())
    rows = [{"peer": r.peer, "origin": r.checkpoint.origin, "checkpoint": r.checkpoint.size,
             "signed": r.checkpoint.signed, "received_s": r.at_s} for r in found]  # fmt: skip
    words = [f"{r.peer}: checkpoint {r.checkpoint.size}, {r.checkpoint.signed}" for r in found]
    _say({"held": rows, "out": str(out) if out else None},
         words or ["Nothing is held for others."], json=json)  # fmt: skip


def export(path: Path, /, *, out: Path, json: _Json = False) -> None:
    """Write the ledger as a signed package (.zip), or as plain JSON lines (.jsonl).

    A package holds the ledger, its checkpoints, a signed manifest and a program that checks
    it with Python alone. Plain lines are chained and not signed.

    Example: tocsin record export data/ --out node.zip

    Parameters
    ----------
    path
        A data folder of `tocsin watch`; for JSON lines also a journal or an exported ledger.
    out
        The file to write, *.zip or *.jsonl; it is complete or not there.
    json
        Print one JSON object: entries, head, out, and checkpoint where it is signed.
    """
    from tocsin import record

    if out.suffix == ".zip":
        from tocsin.service.packages import write_ledger

        verdict = record.verify_rows(_rows(path)) if (path / "journal").is_dir() else None
        if verdict is not None and verdict.first_bad is not None:
            raise FormatError(f"the ledger in {path} was changed: {verdict.reason}")
        packed = write_ledger(notary_of(path), out, time.time())
        _say_packed(packed.entries, packed.checkpoint, out, json=json)
        return
    if out.suffix != ".jsonl":
        raise CallError(f"--out {out} is neither *.zip (a signed package) nor *.jsonl")
    entries = list(entries_of(path))
    verdict = record.verify(entries)
    if verdict.first_bad is not None:
        raise FormatError(f"the ledger in {path} was changed: {verdict.reason}")
    write_whole(out, b"".join(record.export_lines(entries)))
    result = {"entries": verdict.entries, "head": verdict.head.hex(), "out": str(out)}
    _say(result, [f"{verdict.entries} entries written to {out}, unsigned."], json=json)


def _say_packed(entries: int, made: "Made", out: Path, *, json: bool) -> None:
    point = made.checkpoint
    result = {"entries": entries, "head": point.head.hex(), "out": str(out),
              "checkpoint": point.size, "origin": point.origin}  # fmt: skip
    words = [f"{entries} entries written to {out}, signed as {point.origin}, checkpoint "
             f"{point.size}."]  # fmt: skip
    _say(result, words, json=json)


def evidence(
    incident: str,
    /,
    *,
    data: Annotated[Path, Parameter(name="--from")],
    out: Path,
    profile: str = "internal",
    json: _Json = False,
) -> None:
    """Pack an incident for somebody who must be able to check it: entries, proofs, report.

    Each entry that the report rests on is in it with the proof that it is in the ledger, so
    the rest of the ledger need not be handed over.

    Example: tocsin record evidence INC-2026-0001 --from data/ --out inc-1.zip

    Parameters
    ----------
    incident
        Its id.
    data
        The data folder of `tocsin watch`.
    out
        The package to write (*.zip).
    profile
        Who reads the report in it: internal or partner. The entries are as they were recorded.
    json
        Print one JSON object: entries, head, out, checkpoint, origin.
    """
    from tocsin import record, report
    from tocsin.cli._ledger import names_of, register_of
    from tocsin.service.packages import write_evidence

    if out.suffix != ".zip":
        raise CallError(f"--out {out} is no package; give a name that ends in .zip")
    notary = notary_of(data)
    register, entries = register_of(data)
    account = record.account(register, incident, head=entries[-1].digest.hex())
    reveal = names_of(data) if profile == "internal" else str
    telling = report.tell(account, profile, name_of=reveal)
    lines = [telling.summary, *(line for s in telling.sections for line in s.lines)]
    numbers = {n for line in lines for n in line.entries}
    numbers |= {v.entry for v in account.versions} | {h.entry for h in account.happenings}
    page = report.page(account, telling, report.Edition())
    packed = write_evidence(
        notary, out, sorted(numbers), time.time(),
        about={"incident": incident, "profile": profile}, files={"report.html": page.encode()},
    )  # fmt: skip
    _say_packed(packed.entries, packed.checkpoint, out, json=json)


def take(
    package: Path,
    /,
    *,
    into: Path,
    key: Annotated[list[Path] | None, Parameter(negative="")] = None,
    json: _Json = False,
) -> None:
    """Check a package and put it into a folder, where an older one of the same ledger was.

    It is taken only if a trusted key of that very ledger signed it and it goes on from what is
    there. A package there that is damaged counts as far as its entries fit together.

    Example: tocsin record take node.zip --into exports/ --key two-bases.keys

    Parameters
    ----------
    package
        A package that `tocsin record export` wrote.
    into
        The folder, for example of `tocsin publish` or of a regional centre.
    key
        Public keys that you trust; none: those in keys.txt of the folder.
    json
        Print one JSON object: origin, entries, head, out, was, doubt (why the package that it
        replaces was not good).
    """
    from tocsin.cli._packages import checked, need_whole, package_rows
    from tocsin.record import verify_rows
    from tocsin.record.verifier import checkpoint_of, notes_of, read_package

    if not package.is_file():
        raise CallError(f"there is no {package}")
    if not into.is_dir():
        raise CallError(f"{into} is no folder; make it first")
    keys = trusted_in(into, key or ())
    found = checked(package, keys)
    if not found["ok"]:
        raise FormatError(
            f"{package.name} is not taken: {found['reason']}", first_bad=found["first_bad"]
        )
    opened = read_package(package)
    need_whole(opened, package)
    notes = notes_of(opened.text("checkpoints.txt"))
    point = max((p for p in map(checkpoint_of, notes) if p), key=lambda p: p.size)
    out = into / (point.origin.replace("/", ".") + ".zip")
    kept, doubt = _lies_there(out, keys) if out.exists() else (None, "")
    if kept is not None:
        verdict = verify_rows(package_rows(package), kept=kept)
        if verdict.first_bad is not None:
            raise FormatError(
                f"{package.name} is not taken, it does not go on from {out.name}: "
                f"{verdict.reason}"
                + (f". {out.name} itself is not good ({doubt}): if {package.name} is known to "
                   "be, move that one away and take it again" if doubt else ""),
                first_bad=verdict.first_bad,
            )  # fmt: skip
    _copy_whole(package, out)
    was = kept.entries if kept else None
    result = {"origin": point.origin, "entries": found["entries"], "head": found["head"],
              "out": str(out), "was": was, "doubt": doubt}  # fmt: skip
    words = f"{found['entries']} entries of {point.origin} taken into {out}"
    told = [words + (f"; it had {was} before." if was else ".")]
    told += [f"The package that it replaces was not good: {doubt}."] if doubt else []
    _say(result, told, json=json)


def _lies_there(out: Path, keys: "list[Key]") -> "tuple[Kept | None, str]":
    """Return (what a package that is to be replaced holds, why it is not good as it lies).

    One that was damaged, or signed by a key that is trusted no more, counts as far as its
    entries fit together; where nothing of it can be read, there is nothing to go on from.
    """
    from tocsin.cli._packages import UNREADABLE, checked, package_rows
    from tocsin.record import Kept
    from tocsin.record.verifier import check_chain

    try:
        found = checked(out, keys)
        if found["ok"]:
            return Kept(found["entries"], bytes.fromhex(found["head"])), ""
        walk = check_chain(package_rows(out))
    except (FormatError, *UNREADABLE) as error:
        return None, str(error)
    return Kept(walk.entries, walk.head), found["reason"]


def trusted_in(folder: Path, files: "list[Path] | tuple[Path, ...]") -> "list[Key]":
    """Return the keys that are trusted for a folder of packages.

    Raises CallError where there are none: a package that names its own key proves nothing.
    """
    from tocsin.cli._packages import read_keys

    own = folder / "keys.txt"
    keys = read_keys([*files, *([own] if own.exists() else [])])
    if not keys:
        raise CallError(
            f"no key is trusted: `tocsin key export DATA --out {own}` at the watch writes its "
            "public key; bring it here by hand, or give it with --key"
        )
    return keys


def _copy_whole(source: Path, target: Path) -> None:
    draft = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    except OSError as error:
        raise CallError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
