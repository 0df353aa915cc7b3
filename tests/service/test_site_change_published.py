"""Public pages that are followed while the watch goes over to another site file."""

import json
import os
from pathlib import Path

import pytest
from tests.cli.test_public_folder import BASE, DEADLINE_S, following
from tests.cli.test_record_verbs import answer, run
from tests.service.harness import SITE
from tests.service.site_changes import (
    NEAR_M,
    ONLY_HANGAR,
    T0_S,
    WITH_HANGAR,
    approach,
    quiet,
    running,
    start,
)

from tocsin.codec.acts import encode_act
from tocsin.model import OFFICER, Frame
from tocsin.model.records import RecordAct

pytestmark = pytest.mark.jit
FIRST, SECOND = "INC-2026-0001", "INC-2026-0002"


def acts(step, now_s, *said):
    """Let people act one after the other; each of (user, verb, values)."""
    for k, (user, verb, body) in enumerate(said):
        number = step.found.sequences.get(OFFICER, -1) + 1
        act = RecordAct(verb, f"{now_s}-{k}", user, now_s, body)
        outcome = step(now_s + k, [Frame(OFFICER, number, now_s + k, encode_act(act))])
        assert [told[1] for told in outcome.acts] == [True], outcome.acts


def let_out(step, now_s, incident, **more):
    """Two people approve what stands, and one lets it out."""
    as_of = step.found.state.register.last_entry
    acts(
        step, now_s,
        ("one", "approve", {"incident": incident, "as_of": as_of}),
        ("two", "approve", {"incident": incident, "as_of": as_of}),
        ("one", "publish", {"incident": incident, "state": "published", **more}),
    )  # fmt: skip


def package(folder, exports):
    """Put a new package in the place of the one before, whole at once."""
    made = folder / "made.zip"
    made.unlink(missing_ok=True)
    run("record", "export", folder / "data", "--out", made)
    os.replace(made, exports / "node.zip")


def words_of(out: Path, incident):
    return (out / f"{incident.lower()}.html").read_text()


def test_pages_that_are_followed_go_on_across_changes_of_the_site_file(tmp_path):
    exports, out = tmp_path / "exports", tmp_path / "out"
    exports.mkdir()
    with running(tmp_path, T0_S, start(tmp_path, T0_S, SITE)) as step:
        approach(step, T0_S, 10, 8000.0)  # CAUTION; TAKE SHELTER is not proposed yet
        let_out(step, T0_S + 13, FIRST)
    package(tmp_path, exports)
    answer("key", "export", tmp_path / "data", "--out", exports / "keys.txt")
    with following(exports, "--out", out, "--base-url", BASE) as lines:
        told = lines.get(timeout=DEADLINE_S)
        assert (told["pages"], told["refused"]) == ([f"{FIRST.lower()}.html"], [])
        before = told["read"]

        # A zone more, and a correction of what was let out before.
        at_s = T0_S + 100
        watched = start(tmp_path, at_s, WITH_HANGAR)
        assert watched.text == WITH_HANGAR
        with running(tmp_path, at_s, watched) as step:
            quiet(step, at_s, 2)
            let_out(step, at_s + 3, FIRST, state="corrected", wrong="at dusk", right="at noon")
        package(tmp_path, exports)
        told = lines.get(timeout=DEADLINE_S)
        assert (told["pages"], told["refused"]) == ([f"{FIRST.lower()}.html"], [])
        assert 0 < told["read"] < before + 60  # from where it ended, not from the start
        assert "at noon" in words_of(out, FIRST)

        # The zone of the first incident is gone; the new one has an incident of its own.
        at_s = T0_S + 1000
        watched = start(tmp_path, at_s, ONLY_HANGAR)
        assert watched.text == ONLY_HANGAR
        with running(tmp_path, at_s, watched) as step:
            approach(step, at_s, 20, NEAR_M)
            let_out(step, at_s + 21, SECOND)
        package(tmp_path, exports)
        told = lines.get(timeout=DEADLINE_S)
        assert told["refused"] == []
        assert sorted(told["pages"]) == [f"{FIRST.lower()}.html", f"{SECOND.lower()}.html"]
    assert "at noon" in words_of(out, FIRST)
    ids = [item["url"] for item in json.loads((out / "feed.json").read_text())["items"]]
    assert len(ids) == 2
    answer("publish", exports, "--out", tmp_path / "once", "--base-url", BASE)
    both = [{f.name: f.read_bytes() for f in (tmp_path / n).iterdir()} for n in ("out", "once")]
    assert both[0] == both[1]
