"""Time of importing an article of 1,000 words: `python -m bench.importer [--json]`."""

import json
import re
import statistics
import sys
import time
from pathlib import Path

from tocsin.record.importer import propose

ARTICLE = Path(__file__).parents[1] / "tests" / "record" / "article.html"
WORDS = 1_000
GOAL_S = 1.0


def long_article() -> bytes:
    """The test's article with its paragraphs repeated to 1,000 words."""
    head, rest = ARTICLE.read_text().split("<article>")
    body, tail = rest.split("</article>")
    start, end = body.index("<p>Two drones"), body.index("<p>This article appeared")
    paragraphs = body[start:end]
    times = -(-WORDS // len(re.sub(r"<[^>]*>", " ", paragraphs).split())) + 1
    middle = "\n".join(paragraphs for _ in range(times))
    return f"{head}<article>{body[:start]}{middle}{body[end:]}</article>{tail}".encode()


def measure() -> dict[str, float]:
    """CPU seconds of one import, median of 9; the rules are compiled before."""
    data = long_article()
    made = propose(data, "article")
    words = sum(len(b.text.split()) for b in made.blocks if b.kind == "paragraph")
    seconds = []
    for _ in range(9):
        start = time.process_time()
        propose(data, "article")
        seconds.append(time.process_time() - start)
    return {"words": words, "items": len(made.items), "cpu_s": statistics.median(seconds),
            "goal_s": GOAL_S}  # fmt: skip


def main(options: list[str]) -> int:
    """Print the row; 1 where it misses the goal."""
    row = measure()
    if "--json" in options:
        print(json.dumps(row))
    else:
        print(
            f"import of {row['words']:.0f} words: {row['cpu_s']:.3f} s CPU, goal {GOAL_S:g} s"
        )
    return int(row["cpu_s"] > GOAL_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
