"""The record's speed on a ledger of a million entries, each part in a process of its own.

    python -m bench record [--entries N] [--json]

Rows: ledger end to end (canonical JSON, hash chain, the register, SQLite, flushed), verify,
the tree and a proof of one entry, the register rebuilt, the slowest answer of what was known
at a time (processor time). Seconds are of the processor, of the ledger by the clock
(it waits for the disk); a peak of memory is that of the part's process.
"""

import argparse
import gc
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tocsin import record
from tocsin.codec.snapshot import freeze
from tocsin.model import Batch
from tocsin.model.records import RecordAct
from tocsin.model.register import Register
from tocsin.record import verify_rows
from tocsin.record.chain import append_into
from tocsin.record.tree import Tree, grow_into, inclusion_proof, root_of
from tocsin.record.verifier import leaf_hash, root_of_path
from tocsin.service.journal import Header, Journal, Snapshot, Written, read_entries
from tocsin.service.ledger_reader import LedgerReader, journal_rows
from tocsin.service.record_view import incident_page, known_page

ENTRIES = 1_000_000
STEP = 1000  # entries of one commit: one every 20 ms at the rate that must be reached
BEGUN_S = 1_772_366_400.0


def main(words):
    parser = argparse.ArgumentParser(prog="python -m bench record", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.part:
        name, folder = options.part
        found = PARTS[name](Path(folder), options.entries)
        found["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(found))
        return 0
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        found = {name: in_child(name, folder, options.entries) for name in PARTS}
    if options.json:
        print(json.dumps(found))
    return report(found, options.entries)


def in_child(name, folder, entries):
    command = [sys.executable, "-m", "bench", "record", "--entries", str(entries)]
    done = subprocess.run(
        [*command, "--part", name, folder], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def report(found, entries):
    share = entries / ENTRIES
    rows = (
        ("ledger, rows a second", "ledger", "per_s", 50_000, "at least"),
        ("verify, s", "verify", "s", 3.0 * share, "at most"),
        ("proof of one row, ms", "proof", "ms", 5.0, "at most"),
        ("register rebuilt, s", "rebuild", "s", 60.0 * share, "at most"),
        ("what was known at T, ms", "known", "ms", 200.0, "at most"),
    )
    missed = 0
    print(f"ledger of {entries:,} entries\n")
    for what, part, key, goal, word in rows:
        value, peak = found[part][key], found[part]["peak_mb"]
        holds = (value >= goal if word == "at least" else value <= goal) and peak < 500
        missed += not holds
        print(
            f"{what:26s}{value:12,.2f}   must {word} {goal:<9,g} memory {peak:4d} MB (500)"
            f"   {'yes' if holds else 'NO'}"
        )
    known = found["known"]
    print(
        f"\n{found['ledger']['per_cpu_s']:,.0f} rows a second of processor time, by the clock as"
        f" above; {found['ledger']['octets'] / entries:.0f} bytes an entry on disk; the register has"
        f" {known['rows']:,} rows and {known['timeline']:,} happenings; the tree of an unknown"
        f" ledger takes {found['proof']['tree_s']:.1f} s, once;"
        f" slowest proof {found['proof']['worst_ms']:.1f} ms"
    )
    print(f"known at T, ms: {', '.join(f'{w} {ms:.0f}' for w, ms in known['answers'].items())}")
    return int(missed > 0)


def acts_and_events(count):
    """Give (kind, time, body) of a busy watch: tracks come and go, labels change, an alarm now
    and then, and what people record of incidents.
    """
    draw, alarm = random.Random(7), ""
    for n in range(count):
        at_s = BEGUN_S + n // 10 * 0.2  # ten entries a step of the pipeline
        track = str(1_000_000 + n // 3)
        share = draw.random()
        if n % 10_000 == 0:
            alarm = f"alarm-{n}"
            yield "incident", at_s, {"what": "opened", "body": {
                "id": f"INC-2026-{n // 10_000 + 1:04d}", "site": "north", "alarm": alarm,
            }}  # fmt: skip
        if share < 0.55:
            what, how = ("confirmed", "") if n % 2 else ("ended", "lost")
            yield "track", at_s, {
                "what": what, "at_s": at_s - 0.1, "track": track, "site": "north", "how": how,
            }  # fmt: skip
        elif share < 0.9:
            yield "identity", at_s, {
                "track": track, "label": "bird", "p": [0.01, 0.02, 0.9, 0.03, 0.02, 0.01],
                "none": 0.01, "conflict": 0.1, "cooperative": False,
            }  # fmt: skip
        else:
            yield "alert", at_s, {
                "what": "step", "at_s": at_s, "site": "north", "zone": "flight-line",
                "alarm": alarm, "step": "MONITOR", "tracks": [track], "by": "",
                "text": "one track comes nearer", "nature": "live",
            }  # fmt: skip


def ledger(folder, count):
    """Write it as a service does: each commit's entries chained, folded in, on disk."""
    header = Header(
        file=1, first_batch=1, chain=bytes(32), version="bench", processor="bench", site="",
        where="", mode="live", live=True, opened_s=BEGUN_S, begun_s=BEGUN_S,
        clock=(0.0, 0.0, 1.0),
    )  # fmt: skip
    chain, first = record.open_chain("live", BEGUN_S, {"node": "bench"})
    register = record.rebuild([first])
    book = Journal.begin(folder / "journal", header, Snapshot(0, BEGUN_S, b"", {}), [first])
    acts = people()
    steps, held, recorded = 0, [], 0
    source = acts_and_events(count)
    began, began_cpu = time.perf_counter(), time.process_time()
    for n, (kind, at_s, body) in enumerate(source, 1):
        entry = append_into(chain, kind, at_s, body)
        record.fold_into(register, (entry,))
        held.append(entry)
        if n % 2000 == 0 and recorded < 17_000:
            for _ in range(36):
                made, accepted, sentence = record.apply_into(register, chain, next(acts), at_s)
                assert accepted, sentence
                held += made
                recorded += 1
        if len(held) >= STEP:
            steps += 1
            book.append([Written(steps, Batch(at_s, ()), tuple(held))])
            held = []
    book.append([Written(steps + 1, Batch(at_s, ()), tuple(held))])
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    book.close()
    octets = sum(p.stat().st_size for p in (folder / "journal").iterdir())
    (folder / "register").write_text(digest(register))
    return {"per_s": chain.count / took_s, "entries": chain.count, "recorded": recorded,
            "per_cpu_s": chain.count / cpu_s, "octets": octets}  # fmt: skip


def people():
    """Give acts of an incident officer: incidents, sources, and what they are said to say."""
    incident, source = "", ""
    for n in range(100_000):
        at_s = BEGUN_S
        if n % 40 == 0:
            incident = f"incident-{n}"
            body = {"id": incident, "site": "north", "site_name": f"base {n}",
                    "happened": {"verbatim": "that day", "why_unresolved": "no date"}}  # fmt: skip
            yield RecordAct("open_incident", f"k{n}", "officer", at_s, body)
        elif n % 40 == 1:
            source = f"source-{n}"
            body = {"id": source, "kind": "official", "identity": "unnamed",
                    "descriptor": f"a security official ({n})"}  # fmt: skip
            yield RecordAct("add_source", f"k{n}", "officer", at_s, body)
        else:
            body = {"about": [incident], "quantity": "drones", "verbatim": f"{n % 7} drones",
                    "value": n % 7, "chain": [{"source": source}]}  # fmt: skip
            yield RecordAct("assert", f"k{n}", "officer", at_s, body)


def digest(register):
    return hashlib.sha256(freeze(register)).hexdigest()


def verify(folder, count):
    began = time.process_time()
    verdict = verify_rows(journal_rows(folder / "journal"))
    took_s = time.process_time() - began
    assert verdict.first_bad is None, verdict.reason
    return {"s": took_s, "entries": verdict.entries}


def proof(folder, count):
    """A proof of one entry as the service answers it: the tree is there, digests are read."""
    reader, tree = LedgerReader(folder / "journal"), Tree()
    size = reader.size()
    began = time.process_time()
    grow_into(tree, size, reader.digests)
    grown_s = time.process_time() - began
    root = root_of(tree, size, reader.digests)
    took = []
    for index in random.Random(3).sample(range(size), 200):
        began = time.process_time()
        path = inclusion_proof(tree, index, size, reader.digests)
        took.append(time.process_time() - began)
        leaf = leaf_hash(reader.digests(index, 1)[0])
        assert root_of_path(leaf, index, size, path) == root
    took.sort()
    return {
        "ms": 1000.0 * took[int(0.95 * len(took))],
        "worst_ms": 1000.0 * took[-1],
        "tree_s": grown_s,
    }


def rebuild(folder, count):
    began = time.process_time()
    register = Register()
    for entries in in_pieces(folder):
        record.fold_into(register, entries)
    took_s = time.process_time() - began
    assert digest(register) == (folder / "register").read_text(), "other bytes"
    return {"s": took_s, "rows": len(register.rows)}


def known(folder, count):
    """What was known at a time, as the service answers it from the register that it holds:
    each question about an incident, all of it, the incident's page, and the list of all.
    """
    register = Register()
    for entries in in_pieces(folder):
        record.fold_into(register, entries)
    gc.freeze()  # as the service does once it has started
    slowest = {}
    for share in (0.1, 0.5, 0.99):
        at_s = BEGUN_S + share * count * 0.02
        then = record.as_known_at(register, at_s)
        incident = next(i for i, row in reversed(then.rows.items()) if row.kind == "incident")
        asked = {
            what: partial(record.ask, register, record.Question(what, incident, at_s))
            for what in record.QUESTIONS
        }
        everything = record.Question("known", "", at_s)
        asked["known of all"] = partial(record.ask, register, everything)
        asked["page"] = partial(incident_page, register, incident, at_s)
        asked["list"] = partial(known_page, register, at_s)
        for what, answer in asked.items():
            began = time.thread_time()
            answer()
            took = 1000.0 * (time.thread_time() - began)
            slowest[what] = max(took, slowest.get(what, 0.0))
    return {"ms": max(slowest.values()), "rows": len(register.rows),
            "timeline": len(then.timeline), "answers": slowest}  # fmt: skip


def in_pieces(folder):
    after = -1
    while entries := read_entries(folder / "journal", after=after, limit=20_000):
        yield entries
        after = entries[-1].number


PARTS = {
    "ledger": ledger, "verify": verify, "proof": proof, "rebuild": rebuild, "known": known,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
