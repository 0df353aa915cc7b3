"""Quiet hours in pieces that are kept: a bench of hours may stop and go on another day.

Each piece (some stretches of one seed) is a line of JSON in a file, written as it is done: its
seed, its stretches, its site-days, what was counted, and the digest of the code that played it.
Pieces of other code, of another seed or of another set stay in the file and are not pooled.
"""

import dataclasses
import hashlib
import json
import math
from pathlib import Path

import tocsin
from bench import watch_birds, watch_set

BIRDS_A_DAY = 4000
PLAYED_BY = ("watch_birds", "watch_feed", "watch_play", "watch_set")


@dataclasses.dataclass
class Pieces:
    """A file of pieces of one seed, by their first stretch and the number of stretches; other:
    how many lines of it are of other code, another seed or another set. path None: no file.
    """

    path: Path | None
    seed: int
    done: dict = dataclasses.field(default_factory=dict)
    other: int = 0

    def __post_init__(self):
        self.of = {"set": watch_set.NAME, "code": code_digest(), "seed": self.seed}
        if self.path is None or not self.path.exists():
            return
        for line in self.path.read_text().splitlines():
            row = _row_of(line)
            if row is None or any(row.get(name) != value for name, value in self.of.items()):
                self.other += 1
                continue
            found = watch_birds.Quiet(**row["found"])
            self.done[row["first"], row["stretches"]] = found

    def of_job(self, stretches):
        """Return what came of these stretches (a range), None where they are still to be
        played.
        """
        return self.done.get((stretches.start, len(stretches)))

    def keep(self, stretches, found):
        """Write a piece down at once."""
        self.done[stretches.start, len(stretches)] = found
        if self.path is None:
            return
        row = {
            **self.of,
            "first": stretches.start,
            "stretches": len(stretches),
            "site_days": round(found.tracks / BIRDS_A_DAY, 4),
            "found": dataclasses.asdict(found),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            file.seek(-min(1, file.tell()), 2)
            torn = file.read(1) not in (b"", b"\n")
            file.write(b"\n" * torn + json.dumps(row).encode() + b"\n")

    def words(self):
        """Return what is in the file, for people."""
        days = sum(found.tracks for found in self.done.values()) / BIRDS_A_DAY
        text = f"{len(self.done)} pieces, {days:.2f} site-days, in {self.path}"
        if self.other:
            text += f"; {self.other} lines of other code, another seed or another set left out"
        return text


def _row_of(line):
    """Return a line's object; None where it is broken: a bench that was stopped in mid-line."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return (
        row if isinstance(row, dict) and {"found", "first", "stretches"} <= set(row) else None
    )


def code_digest():
    """Return 16 hex digits of what plays the quiet hours: the product and these benches."""
    digest = hashlib.sha256()
    package = Path(tocsin.__file__).parent
    paths = [*sorted(package.rglob("*.py")), *sorted(package.rglob("*.toml"))]
    paths += [Path(__file__).with_name(f"{name}.py") for name in PLAYED_BY]
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def rows(stretches):
    """Return the rows of all quiet stretches together: how often it warned in vain, of what."""
    if not stretches:
        return []
    tracks = sum(q.tracks for q in stretches)
    days = max(tracks / BIRDS_A_DAY, 1e-9)
    usual = tracks / (watch_birds.DENSITY * sum(q.seconds for q in stretches)) * 86_400.0
    out = [
        f"birds alone: {tracks} bird tracks = {days:.2f} site-days of {BIRDS_A_DAY}, played at"
        f" {watch_birds.DENSITY} times the density (at the usual one {usual:.0f} tracks a day)"
    ]
    for name, count, must in (
        (
            "false TAKE SHELTER per site-day, upper bound",
            sum(q.shelters for q in stretches),
            0.05,
        ),
        ("false CAUTION per site-day, upper bound", sum(q.cautions for q in stretches), 1.0),
    ):
        bound = poisson_bound(count) / days
        word = "holds" if bound <= must else "MISSES" if count / days > must else "open"
        out.append(f"{name:62s} {count} -> {bound:.3g}  must <= {must:g}: {word}")
    heard, spans = sum(q.prompts for q in stretches), 144.0 * days
    bound = poisson_bound(heard) / spans
    word = "holds" if bound <= 1.0 else "MISSES" if heard / spans > 1.0 else "open"
    out.append(
        f"{'heard at the desk in quiet, per 10 min, upper bound':62s} {heard} in {spans:.0f} ->"
        f" {bound:.3g}  must <= 1: {word}"
    )
    asked = sum(q.questions for q in stretches)
    out.append(
        f"  of those {asked} are questions at the warning line (MONITOR, a tone), {asked / days:.1f}"
        " a site-day; nobody answers here, and each calls again"
    )
    lines = [line for q in stretches for line in q.words]
    return out + [f"  {line}" for line in lines[:20]]


def poisson_bound(count, level=0.95):
    """Return the one-sided upper bound of a Poisson mean from a count (Garwood 1936)."""
    low, high = float(count), count + 10.0 + 5.0 * math.sqrt(count + 1.0)
    for _ in range(100):
        middle = 0.5 * (low + high)
        # By logarithms: exp(-middle) is nothing from 746 on.
        total = sum(
            math.exp(k * math.log(middle) - middle - math.lgamma(k + 1))
            for k in range(count + 1)
        )
        low, high = (middle, high) if total > 1.0 - level else (low, middle)
    return high
