#!/usr/bin/env python3
"""Check a ledger or an evidence package of Tocsin with Python 3.11 and nothing else.

    python3 verify.py PACKAGE [--key FILE ...] [--held NAME=FILE ...] [--json]

PACKAGE: a package (.zip, or the folder that it was unpacked into) or an exported ledger
(.jsonl). --key: keys that you have from the watch itself, one a line. --held: checkpoints
that another party holds. Exit status: 0 it holds, 1 it does not, 2 it could not be read.

What it checks: RFC 8785 bytes as they are stored, the SHA-256 chain, the Merkle tree of
RFC 6962, checkpoints as signed notes (C2SP signed-note and tlog-checkpoint) with Ed25519 of
RFC 8032. This file is a part of Tocsin and stands alone: it imports the standard library only.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple

__all__ = [
    "DOMAIN", "START", "Checkpoint", "Frontier", "Key", "Package", "Reached", "Signature",
    "Stamp", "Walk", "check_chain", "check_on", "check_package", "checkpoint_of",
    "ed25519_verifies", "holds",
    "is_consistent", "key_of", "leaf_hash", "lines_of", "node_hash", "notes_of",
    "read_package", "root_of_path", "short_code", "signatures_of", "stamp_of", "why_not_signed",
]  # fmt: skip

START = bytes(32)  # the digest before the first entry
DOMAIN = b"tocsin-entry-1\n"  # so that a digest of ours is no digest of anything else
HEAD = b'{"tocsin_ledger":1}\n'  # the first line of an exported ledger
PACKAGE = 1  # the version of packages that this reads
MAX_PART_BYTES = 4 << 30  # of one file in a package, unpacked
MAX_TEXT_BYTES = 64 << 20  # of those that are read whole

sha256 = hashlib.sha256


# --- RFC 6962, section 2.1: leaves are the digests of the entries ---


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: roots of its complete subtrees, the largest first."""

    BLOCK = 256  # leaves that are folded at once: the inner loops stay in comprehensions

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def extend(self, digests: list[bytes]) -> None:
        """Add leaves."""
        place, block = 0, self.BLOCK
        while place < len(digests):
            if self.size % block == 0 and len(digests) - place >= block:
                level = [sha256(b"\x00" + d).digest() for d in digests[place : place + block]]
                while len(level) > 1:
                    pairs = iter(level)
                    level = [
                        sha256(b"\x01" + a + b).digest()
                        for a, b in zip(pairs, pairs, strict=True)
                    ]
                self._push(level[0], block)
                place += block
            else:
                self._push(leaf_hash(digests[place]), 1)
                place += 1

    def _push(self, node: bytes, leaves: int) -> None:
        # 0 < leaves, a power of two that divides size: the new subtree joins its equals.
        while self.size & leaves:
            node = node_hash(self._edge.pop(), node)
            self.size -= leaves
            leaves *= 2
        self._edge.append(node)
        self.size += leaves

    def copy(self) -> "Frontier":
        """Return one that grows by itself."""
        other = Frontier()
        other.size, other._edge = self.size, list(self._edge)
        return other

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self._edge:
            return sha256(b"").digest()
        root = self._edge[-1]
        for node in reversed(self._edge[:-1]):
            root = node_hash(node, root)
        return root


def root_of_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that an inclusion proof gives (RFC 9162, 2.1.3.2), None: it is none.

    0 <= index < size; leaf: the leaf's hash.
    """
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for node in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(node, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, node)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]
) -> bool:
    """Tell whether a proof shows that the older tree begins the newer (RFC 9162, 2.1.4.2).

    0 < old <= new.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first, second = steps[0], steps[0]
    for node in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, node)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# --- RFC 8032, section 5.1: Ed25519, verification only ---

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T with x y = T / Z


def _sum(p: _Point, q: _Point) -> _Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: _Point) -> _Point:
    found: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = _sum(found, point)
        point, factor = _sum(point, point), factor >> 1
    return found


def _point(data: bytes) -> _Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_1 % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _packed(point: _Point) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether a signature is of a message and a public key (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, factor = _point(public), int.from_bytes(signature[32:], "little")
    if key is None or _BASE is None or factor >= _L:
        return False
    text = signature[:32] + public + message
    digest = int.from_bytes(hashlib.sha512(text).digest(), "little") % _L
    minus = (_P - key[0], key[1], key[2], _P - key[3])
    return _packed(_sum(_times(factor, _BASE), _times(digest, minus))) == signature[:32]


# --- signed notes: C2SP signed-note and tlog-checkpoint ---

_ED25519 = b"\x01"
_SIGNED = re.compile(r"— (?P<name>[^ +]+) (?P<data>[A-Za-z0-9+/]+={0,2})\n")


class Key(NamedTuple):
    """A public key as it is written down: name+id+data."""

    name: str
    key_id: bytes
    public: bytes

    @property
    def text(self) -> str:
        """Return the line that others keep of it."""
        data = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{data}"


class Signature(NamedTuple):
    """One signature under a note; key_id: the first 4 bytes of a hash of name and key."""

    name: str
    key_id: bytes
    data: bytes


class Checkpoint(NamedTuple):
    """What a checkpoint says: so many entries, their tree's root, the last one's digest."""

    origin: str
    size: int
    root: bytes
    head: bytes
    signed: str


def key_of(text: str) -> Key | None:
    """Return the key of a line name+id+data, None where it is none."""
    name, plus, rest = text.strip().partition("+")
    key_hex, plus, data = rest.partition("+")
    try:
        raw = base64.b64decode(data, validate=True)
        key_id = bytes.fromhex(key_hex)
    except (binascii.Error, ValueError):
        return None
    if not plus or not name or raw[:1] != _ED25519 or len(raw) != 33:
        return None
    key = Key(name, key_id, raw[1:])
    return key if key_id == key_id_of(name, key.public) else None


def key_id_of(name: str, public: bytes) -> bytes:
    """Return the 4 bytes by which a signature names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def signatures_of(note: str) -> tuple[str, list[Signature]] | None:
    """Return (text, signatures) of a signed note, None where it is none."""
    text, gap, tail = note.rpartition("\n\n")
    if not gap or not tail:
        return None
    found, place = [], 0
    while match := _SIGNED.match(tail, place):
        try:
            raw = base64.b64decode(match["data"], validate=True)
        except binascii.Error:
            return None
        found.append(Signature(match["name"], raw[:4], raw[4:]))
        place = match.end()
    return (text + "\n", found) if found and place == len(tail) else None


def why_not_signed(note: str, keys: Iterable[Key], origin: str = "") -> str:
    """Return why a note is not signed by one of the keys, "" where it is.

    origin: of the ledger that the note is of. Then only keys of that name sign it: whoever is
    trusted for another ledger may countersign, and that alone is not enough.
    """
    parts = signatures_of(note)
    if parts is None:
        return "it is no signed note"
    text, found = parts
    known = {(k.name, k.key_id): k for k in keys if not origin or k.name == origin}
    for signature in found:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not ed25519_verifies(key.public, signature.data, text.encode()):
            return f"its signature by {key.name}+{key.key_id.hex()} is wrong"
        return ""
    whose = f" for {origin}" if origin else ""
    by = ", ".join(f"{s.name}+{s.key_id.hex()}" for s in found)
    return f"it is signed by {by}, which is none of the keys that were given{whose}"


_CHECKPOINT = re.compile(
    r"(?P<origin>[^\s+]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"head (?P<head>[0-9a-f]{64})\nsigned (?P<signed>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z)\n"
)


def checkpoint_of(note: str) -> Checkpoint | None:
    """Return what a checkpoint says, whoever signed it; None where the note is none."""
    parts = signatures_of(note)
    match = _CHECKPOINT.fullmatch(parts[0]) if parts else None
    if match is None:
        return None
    return Checkpoint(
        match["origin"], int(match["size"]), base64.b64decode(match["root"]),
        bytes.fromhex(match["head"]), match["signed"],
    )  # fmt: skip


def notes_of(text: str) -> list[str]:
    """Return the notes that stand one after the other in a text."""
    found, lines = [], text.splitlines(keepends=True)
    note = ""
    for place, line in enumerate(lines):
        note += line
        after = lines[place + 1] if place + 1 < len(lines) else ""
        if line.startswith("— ") and not after.startswith("— "):
            found.append(note.lstrip("\n"))
            note = ""
    return [*found, note] if note.strip() else found


# --- RFC 3161: what a time stamp says; its signature is not checked here ---

_SHA256 = bytes.fromhex("608648016503040201")  # 2.16.840.1.101.3.4.2.1
_TST_INFO = bytes.fromhex("2a864886f70d0109100104")  # id-ct-TSTInfo, RFC 3161, 2.4.2
_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z")


class Stamp(NamedTuple):
    """What a time stamp says: there was something with this SHA-256 at that time (UTC)."""

    imprint: bytes
    at: str
    serial: int


def stamp_of(answer: bytes) -> Stamp | None:
    """Return what an authority's answer says, whoever signed it; None where it grants none."""
    try:
        [(_, reply)] = _der(answer)
        (_, status), (_, token) = _der(reply)
        (_, _), (_, wrapped) = _der(token)
        [(_, signed)] = _der(wrapped)
        (_, kind), (_, quoted) = _der(_der(signed)[2][1])
        [(_, octets)] = _der(quoted)
        [(_, info)] = _der(octets)
        (_, _), (_, _), (_, imprint), (_, serial), (tag, when), *_ = _der(info)
        (_, algorithm), (_, digest) = _der(imprint)
        is_granted, name = _der(status)[0] == (2, b"\0"), _der(algorithm)[0][1]
    except (ValueError, IndexError):
        return None
    time = _TIME.fullmatch(when) if tag == 0x18 else None
    if not is_granted or kind != _TST_INFO or name != _SHA256 or len(digest) != 32 or not time:
        return None
    year, month, day, hour, minute, second = (part.decode() for part in time.groups()[:6])
    at = f"{year}-{month}-{day}T{hour}:{minute}:{second}{(time[7] or b'').decode()}Z"
    return Stamp(digest, at, int.from_bytes(serial, "big", signed=True))


def _der(data: bytes) -> list[tuple[int, bytes]]:
    """Return (tag, content) of each element (X.690, 8.1). Raises ValueError, IndexError."""
    found, place = [], 0
    while place < len(data):
        tag, length = data[place], data[place + 1]
        place += 2
        if length > 0x80:
            size = length & 0x7F
            length, place = int.from_bytes(data[place : place + size], "big"), place + size
        elif length == 0x80:
            raise ValueError("no length")
        if tag & 0x1F == 0x1F or place + length > len(data):
            raise ValueError("an element that goes on where nothing is")
        found.append((tag, data[place : place + length]))
        place += length
    return found


def short_code(size: int, root: bytes) -> str:
    """Return what a person writes into a logbook: entries, and 80 bits of the tree's root.

    80 bits: whoever wants another ledger with the same code tries 2**80 of them.
    """
    digest = sha256(b"tocsin-code-1\n%d\n" % size + root).digest()
    letters = base64.b32encode(digest[:10]).decode()
    return f"{size}-" + "-".join(letters[k : k + 4] for k in range(0, 16, 4))


# --- the chain ---


class Walk(NamedTuple):
    """How far a ledger holds. bad: number of the first entry that does not, None: all do.

    tops: root and head after so many entries, for each size that was asked for and reached.
    """

    entries: int
    head: bytes
    bad: int | None
    reason: str
    tops: dict[int, tuple[bytes, bytes]]


Row = tuple[int, float, bytes, bytes, bytes]  # number, recorded_s, label, body, digest


class Reached(NamedTuple):
    """How far a chain was checked, to go on from there: entries, their last digest and time,
    the tree's edge where a size was asked for there, and what was found at the sizes.
    """

    entries: int = 0
    head: bytes = START
    last_s: float = float("-inf")
    frontier: Frontier = Frontier()
    tops: Mapping[int, tuple[bytes, bytes]] = MappingProxyType({})


def check_chain(
    rows: Iterable[Row], sizes: Iterable[int] = (), earlier: Iterator[bytes] | None = None
) -> Walk:
    """Check rows from entry 0 on; earlier: digests of an earlier copy, to be met in order."""
    return check_on(Reached(), rows, sizes, earlier)[0]


def check_on(
    reached: Reached,
    rows: Iterable[Row],
    sizes: Iterable[int] = (),
    earlier: Iterator[bytes] | None = None,
) -> tuple[Walk, Reached]:
    """Check the rows that follow what was checked before, which stays as it is.

    Of the sizes, those up to there must be in its tops; of the others, the tree is needed:
    its edge must have been asked for. Raises ValueError where that is not so.
    """
    count, head, last_s = reached.entries, reached.head, reached.last_s
    wanted = {s for s in sizes if s > 0}
    tops = {0: (Frontier().root(), START)}
    tops |= {s: reached.tops[s] for s in wanted if s in reached.tops}
    stops = sorted(wanted - set(tops), reverse=True)
    if stops and (stops[-1] <= count or reached.frontier.size != count):
        raise ValueError(f"what was checked up to {count} does not do for these sizes")
    frontier, fresh = reached.frontier.copy(), list[bytes]()
    stop = stops.pop() if stops else -1
    reason = ""
    for number, recorded_s, label, body, digest in rows:
        if number < 0:
            reason = f"entry {count} is not written as an export writes it"
            break
        if number != count:
            reason = f"entry {count} should stand here and number {number} does"
            break
        if sha256(DOMAIN + head + label + body).digest() != digest:
            reason = f"entry {count} does not fit the one before it, or was changed"
            break
        if recorded_s < last_s:
            reason = (
                f"entry {count} was recorded before the one before it: a clock was set back"
            )
            break
        if earlier is not None and next(earlier, digest) != digest:
            reason = f"entry {count} is another than in the earlier copy: a fork begins here"
            break
        head, last_s = digest, recorded_s
        count += 1
        if stop > 0:
            fresh.append(digest)
            if count == stop:
                frontier.extend(fresh)
                tops[stop] = frontier.root(), head
                fresh, stop = [], stops.pop() if stops else -1
            elif len(fresh) == 65_536:
                frontier.extend(fresh)
                fresh = []
    walk = Walk(count, head, count if reason else None, reason, tops)
    return walk, Reached(count, head, last_s, frontier, tops)


# An exported entry: what was hashed stands in it byte for byte.
_LINE = re.compile(
    rb'\{"body":(\{.*\}),"digest":"([0-9a-f]{64})","kind":("(?:[^"\\]|\\.)*"),'
    rb'"number":(0|[1-9][0-9]{0,15}),'
    rb'"recorded_s":(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?)\}\n'
)


def lines_of(lines: Iterable[bytes]) -> Iterator[Row]:
    """Yield the rows of entries as an export writes them; ends at a line that is none."""
    match_line = _LINE.fullmatch
    for line in lines:
        match = match_line(line)
        if match is None:
            yield -1, 0.0, b"", b"", line
            return
        body, digest, kind, number, recorded = match.groups()
        label = b"[" + number + b"," + kind + b"," + recorded + b"]\n"
        yield int(number), float(recorded), label, body, bytes.fromhex(digest.decode())


def holds(point: Checkpoint, walk: Walk) -> bool:
    """Tell whether a ledger has at its size what the checkpoint says."""
    return walk.tops.get(point.size) == (point.root, point.head)


# --- packages ---


class Package:
    """The files of a package by name, from a zip file or a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path) if path.is_file() else None

    def names(self) -> list[str]:
        """Return the names of its files, also of those in folders of it; one twice, where a zip
        file has two of it.
        """
        if self._zip is not None:
            return self._zip.namelist()
        inside = (p for p in self.path.rglob("*") if p.is_symlink() or not p.is_dir())
        return sorted(p.relative_to(self.path).as_posix() for p in inside)

    def has(self, name: str) -> bool:
        """Tell whether there is a file of that name."""
        if self._zip is not None:
            return name in self._zip.namelist()
        return (self.path / name).is_file()

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        return self._zip.open(name) if self._zip else (self.path / name).open("rb")

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file."""
        with self.open(name) as file:
            yield from file

    def octets(self, name: str) -> bytes:
        """Return a file that is read whole, b"" where there is none."""
        if not self.has(name):
            return b""
        with self.open(name) as file:
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            raise ValueError(f"{name} has more than {MAX_TEXT_BYTES} bytes")
        return data

    def text(self, name: str) -> str:
        """Return a text that is read whole, "" where there is none."""
        return self.octets(name).decode()

    def digest(self, name: str) -> tuple[int, str]:
        """Return (size, SHA-256) of a file."""
        size, found = 0, sha256()
        with self.open(name) as file:
            while (data := file.read(1 << 20)) and size <= MAX_PART_BYTES:
                size += len(data)
                found.update(data)
        return size, found.hexdigest()


def read_package(path: Path) -> Package:
    """Open a package. Raises OSError, ValueError or zipfile.BadZipFile."""
    return Package(path)


def check_package(
    package: Package, keys: list[Key], walk: Callable[[list[int]], Walk] | None = None
) -> dict[str, Any]:
    """Check all of a package; return {ok, reason, first_bad, entries, head, ...}.

    keys: trusted ones; none: those that the package itself names, which the answer says. Those
    that bear the name of the ledger (its origin) sign all of it, and no others. walk: checks
    the chain of its ledger in another way, with the roots at these sizes.
    """
    manifest, wrong = _manifest(package)
    own = [k for line in package.text("keys.txt").splitlines() if (k := key_of(line))]
    trusted = keys or own
    found: dict[str, Any] = {
        "ok": False, "first_bad": None, "entries": 0, "head": "", "checkpoint": None,
        "keys": "given" if keys else "its own", "stamps": [],
    }  # fmt: skip
    if wrong:
        return {**found, "reason": wrong}
    notes = notes_of(package.text("checkpoints.txt"))
    origins = sorted({p.origin for p in map(checkpoint_of, notes) if p})
    if len(origins) > 1:
        return {
            **found,
            "reason": f"it has checkpoints of two ledgers: {' and '.join(origins)}",
        }
    origin = "".join(origins)
    wrong = _why_not_manifest(package, manifest, trusted, origin)
    if wrong:
        return {**found, "reason": wrong}
    points = []
    for note in notes:
        point, reason = checkpoint_of(note), why_not_signed(note, trusted, origin)
        if point is None or reason:
            return {**found, "reason": f"a checkpoint is not good: {reason or 'its form'}"}
        points.append(point)
    if not points:
        return {**found, "reason": "the package has no checkpoint"}
    stamped, wrong = _stamped(package, trusted, origin)
    if wrong:
        return {**found, "reason": wrong}
    stamps = [point for point, _ in stamped]
    if package.has("proofs.json"):
        found |= _check_proofs(package, points, stamps)
    else:
        points += stamps
        sizes = [p.size for p in points]
        done = walk(sizes) if walk else check_chain(_ledger_rows(package), sizes)
        found |= _check_whole(done, points)
    return {**found, "stamps": [about for _, about in stamped] if found["ok"] else []}


_STAMP_FILE = re.compile(r"stamp-(?P<by>.+)-[0-9]+\.txt")


def _stamped(
    package: Package, keys: list[Key], origin: str
) -> tuple[list[tuple[Checkpoint, dict[str, Any]]], str]:
    """Return ([(checkpoint that was stamped, what its stamp says)], why one is not good)."""
    found = []
    for name in package.names():
        match = _STAMP_FILE.fullmatch(name)
        if match is None:
            continue
        text, file = package.text(name), name[:-4] + ".tsr"
        point, stamp = checkpoint_of(text), stamp_of(package.octets(file))
        wrong = why_not_signed(text, keys, origin)
        if point is not None and point.origin != origin:
            wrong = f"it is of {point.origin}"
        if point is None or wrong:
            return [], f"a stamped checkpoint is not good: {wrong or 'its form'}"
        if stamp is None:
            return [], f"{file} is no time stamp"
        if stamp.imprint != sha256(text.encode()).digest():
            return [], f"{file} is a time stamp of something else than {name}"
        about = {"by": match["by"], "checkpoint": point.size, "at": stamp.at, "file": file}
        found.append((point, {**about, "signature": "not checked"}))
    return sorted(found, key=lambda f: (f[1]["by"], f[1]["checkpoint"])), ""


def _manifest(package: Package) -> tuple[dict[str, Any], str]:
    text = package.text("manifest.json")
    if not text:
        return {}, "it is no package of Tocsin: there is no manifest.json in it"
    manifest = json.loads(text)
    version = manifest.get("tocsin_package") if isinstance(manifest, dict) else None
    if version != PACKAGE:
        return {}, (
            f"it is a package of version {version}; this reads version {PACKAGE}: read it with "
            "the verify.py that came in it, or with the version that wrote it"
        )
    return manifest, ""


def _why_not_manifest(
    package: Package, manifest: dict[str, Any], keys: list[Key], origin: str
) -> str:
    note = package.text("manifest.sig")
    reason = why_not_signed(note, keys, origin)
    if reason:
        return f"the signature of the manifest is not good: {reason}"
    parts = signatures_of(note)
    wanted = sha256(package.text("manifest.json").encode()).hexdigest()
    if parts is None or parts[0] != f"tocsin-package-1\n{wanted}\n":
        return "the signature is of another manifest"
    files = manifest.get("files")
    if not isinstance(files, dict):
        return "the manifest lists no files"
    listed = sorted(package.names())
    names = {n for n in listed if n not in ("manifest.json", "manifest.sig")}
    for name, after in pairwise(listed):
        if name == after:
            return f"{name} is in it twice: one was put in afterwards"
    for name in sorted(set(files) | names):
        if name not in names:
            return f"{name} is missing"
        if name not in files:
            return f"{name} is not in the manifest: it was put in afterwards"
        size, digest = package.digest(name)
        if files[name] != {"bytes": size, "sha256": digest}:
            return _where_changed(package, name) or f"{name} was changed after it was packed"
    return ""


def _where_changed(package: Package, name: str) -> str:
    if name != "ledger.jsonl":
        return ""
    walk = check_chain(_ledger_rows(package))
    return f"{name} was changed: {walk.reason}" if walk.reason else ""


def _ledger_rows(package: Package) -> Iterator[Row]:
    lines = package.lines("ledger.jsonl")
    if next(lines, b"") == HEAD:
        yield from lines_of(lines)


def _check_whole(walk: Walk, points: list[Checkpoint]) -> dict[str, Any]:
    found = {"first_bad": walk.bad, "entries": walk.entries, "head": walk.head.hex()}
    if walk.reason:
        return {**found, "reason": walk.reason}
    newest = max(points, key=lambda p: p.size)
    for point in sorted(points, key=lambda p: p.size):
        if point.size > walk.entries:
            return {**found, "first_bad": walk.entries, "reason": _missing(walk.entries, point)}
        if not holds(point, walk):
            return {**found, "first_bad": point.size - 1, "reason": _another(point)}
    size = newest.size
    if size != walk.entries:
        reason = f"entries from {size} on are under no signed checkpoint"
        return {**found, "first_bad": size, "reason": reason}
    reason = f"{size} entries fit together and are those of checkpoint {size}"
    return {**found, "ok": True, "checkpoint": size, "reason": reason}


def _missing(count: int, point: Checkpoint) -> str:
    return (
        f"the ledger ends before entry {count} and checkpoint {point.size} is of more: its "
        "tail is missing, or an older state was put back"
    )


def _another(point: Checkpoint) -> str:
    return (
        f"entry {point.size - 1} is not the one of checkpoint {point.size}: the ledger was "
        "written anew at or before it"
    )


def _check_proofs(
    package: Package, points: list[Checkpoint], stamps: list[Checkpoint]
) -> dict[str, Any]:
    proofs = json.loads(package.text("proofs.json"))
    size = int(proofs["size"])
    point = next((p for p in points if p.size == size), None)
    if point is None:
        return {"reason": f"the proofs are for {size} entries and no checkpoint is"}
    for old in stamps:
        steps = [bytes.fromhex(p) for p in proofs.get("stamps", {}).get(str(old.size), [])]
        if not is_consistent(old.size, size, old.root, point.root, steps):
            return {"reason": f"checkpoint {size} does not go on from the stamped {old.size}"}
    count = 0
    for number, _, label, body, digest in lines_of(package.lines("entries.jsonl")):
        proof = proofs["entries"].get(str(number))
        if proof is None:
            return {"first_bad": number, "reason": f"entry {number} has no proof"}
        before, path = bytes.fromhex(proof["before"]), [bytes.fromhex(p) for p in proof["path"]]
        if sha256(DOMAIN + before + label + body).digest() != digest:
            return {"first_bad": number, "reason": f"entry {number} was changed"}
        if root_of_path(leaf_hash(digest), number, size, path) != point.root:
            return {
                "first_bad": number,
                "reason": f"entry {number} is not in checkpoint {size}",
            }
        count += 1
    if count != len(proofs["entries"]):
        return {"reason": "an entry is missing that the proofs are for"}
    reason = f"each of {count} entries is in the ledger of checkpoint {size}"
    return {
        "ok": True, "entries": count, "head": point.head.hex(), "checkpoint": size,
        "reason": reason,
    }  # fmt: skip


# --- by itself ---


def _notes_held(words: list[str]) -> Iterator[tuple[str, str, str, Checkpoint]]:
    """Yield (who holds it, file, note, checkpoint) of NAME=FILE. Raises ValueError."""
    for word in words:
        name, _, file = word.rpartition("=")
        notes = notes_of(Path(file).read_text("utf-8"))
        points = [p for p in map(checkpoint_of, notes) if p]
        if not points or len(points) != len(notes):
            raise ValueError(f"{file} holds no checkpoint")
        for note, point in zip(notes, points, strict=True):
            yield name or file, file, note, point


def _held(
    words: list[str], keys: list[Key], tops: dict[int, tuple[bytes, bytes]], *, is_whole: bool
) -> tuple[str, str]:
    """Return (who holds the newest checkpoint that fits, why one does not). keys: those that
    were given, of which one must have signed it.
    """
    best, held_by = -1, ""
    for name, file, note, point in _notes_held(words):
        wrong = why_not_signed(note, keys, point.origin) if keys else ""
        if wrong:
            return "", f"the checkpoint of {point.size} in {file}: {wrong}"
        if not is_whole and point.size not in tops:
            raise ValueError(_apart(point.size, tops))
        if tops.get(point.size) != (point.root, point.head):
            return "", f"it is not what {name} holds: {_another(point)}"
        if point.size > best:
            best, held_by = point.size, name
    return (f"unchanged since checkpoint {best}, held by {held_by}" if held_by else ""), ""


def _apart(size: int, tops: Iterable[int]) -> str:
    own = " and ".join(map(str, sorted(tops)))
    return (
        f"a checkpoint of {size} cannot be compared with some entries under that of {own}: ask "
        "whose ledger it is for a package of all of it"
    )


def _run(options: argparse.Namespace) -> dict[str, Any]:
    path, held = Path(options.package), list(options.held)
    sizes = [point.size for *_, point in _notes_held(held)]
    is_whole = True
    keys = []
    for file in options.key:
        found = [
            k for line in Path(file).read_text("utf-8").splitlines() if (k := key_of(line))
        ]
        if not found:
            raise ValueError(f"{file} holds no key")
        keys += found
    if path.suffix == ".jsonl":
        with path.open("rb") as file:
            if next(file, b"") != HEAD:
                raise ValueError(f"{path} is no exported ledger")
            walk = check_chain(lines_of(file), sizes)
        found_of: dict[str, Any] = {
            "ok": walk.bad is None, "first_bad": walk.bad, "entries": walk.entries,
            "head": walk.head.hex(), "checkpoint": None, "keys": "none: it is not signed",
            "reason": walk.reason or f"{walk.entries} entries fit together",
        }  # fmt: skip
        tops = walk.tops
    else:
        package = read_package(path)
        found_of = check_package(package, keys)
        tops = {}
        if found_of["ok"] and held:
            is_whole = package.has("ledger.jsonl")
            if is_whole:
                tops = check_chain(_ledger_rows(package), sizes).tops
            else:
                points = map(checkpoint_of, notes_of(package.text("checkpoints.txt")))
                tops = {p.size: (p.root, p.head) for p in points if p}
    if found_of["ok"]:
        said, wrong = _held(held, keys, tops, is_whole=is_whole)
        found_of["witness"] = said or "no outside witness"
        if wrong:
            found_of = {**found_of, "ok": False, "reason": wrong, "witness": ""}
    return found_of


def main(words: list[str] | None = None) -> int:
    """Check what the command line names, and say what was found."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check a package of Tocsin.")
    parser.add_argument("package", nargs="?", default=".")
    parser.add_argument("--key", action="append", default=[], metavar="FILE")
    parser.add_argument("--held", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    try:
        found = _run(options)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
    ) as error:
        print(f"{options.package} cannot be checked: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found, sort_keys=True))
        return 0 if found["ok"] else 1
    print(("holds: " if found["ok"] else "DOES NOT HOLD: ") + found["reason"] + ".")
    if found["first_bad"] is not None:
        print(f"First bad entry: {found['first_bad']}.")
    if found["ok"]:
        print(found["witness"] + ".")
        for stamp in found.get("stamps", ()):
            print(
                f"Checkpoint {stamp['checkpoint']} was stamped by {stamp['by']} at "
                f"{stamp['at']}, as {stamp['file']} says; its signature was not checked here: "
                f"see README.txt."
            )
        if found["keys"] == "its own":
            print(
                "The keys are those that the package names itself: compare keys.txt with "
                "what the watch shows (`tocsin key show`), or give them with --key."
            )
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
