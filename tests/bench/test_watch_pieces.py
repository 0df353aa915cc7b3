"""A bench of hours that was stopped goes on where it stopped, and pools what it has."""

import json

from bench.watch_birds import Quiet
from bench.watch_pieces import Pieces

from bench import watch, watch_pieces

FIRST, SECOND = range(10), range(10, 20)


def found(tracks, cautions=0, words=()):
    return Quiet(1080.0 * 10, tracks, cautions, 0, 3, list(words))


def test_a_piece_is_read_back_as_it_was_kept(tmp_path):
    path = tmp_path / "new folder" / "hours.jsonl"
    kept = found(1700, 1, ["stretch 3, 200 s: raised caution"])
    Pieces(path, 7).keep(FIRST, kept)
    again = Pieces(path, 7)
    assert again.of_job(FIRST) == kept
    assert again.of_job(SECOND) is None
    assert again.of_job(range(5)) is None


def test_pieces_of_other_code_or_another_seed_are_counted_and_not_pooled(tmp_path, monkeypatch):
    path = tmp_path / "hours.jsonl"
    Pieces(path, 7).keep(FIRST, found(1700))
    Pieces(path, 8).keep(FIRST, found(1800))
    assert Pieces(path, 7).other == 1
    monkeypatch.setattr(watch_pieces, "code_digest", lambda: "0" * 16)
    other = Pieces(path, 7)
    assert other.of_job(FIRST) is None
    assert "2 lines of other code" in other.words()


def test_a_line_that_was_cut_off_loses_that_piece_alone(tmp_path):
    path = tmp_path / "hours.jsonl"
    Pieces(path, 7).keep(FIRST, found(1700))
    with path.open("a") as file:
        file.write('{"set": "watch se')
    cut = Pieces(path, 7)
    assert cut.other == 1
    cut.keep(SECOND, found(1800))
    again = Pieces(path, 7)
    assert (again.of_job(FIRST).tracks, again.of_job(SECOND).tracks) == (1700, 1800)


def test_hours_that_are_kept_are_pooled_and_not_played_again(tmp_path, capsys, monkeypatch):
    path = tmp_path / "hours.jsonl"
    pieces = Pieces(path, 7)
    pieces.keep(FIRST, found(3000))
    pieces.keep(SECOND, found(5000, 1))
    monkeypatch.setattr(watch, "ProcessPoolExecutor", Refusing)
    words = ["--only", "quiet", "--stretches", "20", "--seed", "7", "--pieces", str(path)]
    assert watch.main(words) == 0
    said = capsys.readouterr().out
    assert "2 pieces, 2.00 site-days" in said
    assert "birds alone: 8000 bird tracks = 2.00 site-days of 4000" in said
    assert "1 -> 2.37  must <= 1: open" in said  # 4.744 (Garwood) in 2 days
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["site_days"] for row in rows] == [0.75, 1.25]


class Refusing:
    """A pool that nothing may be sent to."""

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def submit(self, *_):
        raise AssertionError("a piece that is in the file was played again")
