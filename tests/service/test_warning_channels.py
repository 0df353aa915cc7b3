"""Warnings in every form, over real sockets to servers that were not written here for it."""

import json
import re
from pathlib import Path

import pytest
from tests.service.desk import alert_entries, node_with, standing, until

from tocsin.codec.site_toml import read_site
from tocsin.service.sender import MAX_TRIES

pytestmark = pytest.mark.usefixtures("quick")
DOCS = Path(__file__).parents[2] / "docs" / "formats"


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def test_a_webhook_gets_json_with_its_key_and_again_after_a_5xx(run, receiver):
    receiver.answers = [503, 200, 200]
    node = node_with(receiver.url, 'kind = "webhook"')
    made = run(node, alert_entries("proposed", "released", "cleared"))
    until(lambda: standing(made).delivered == 2)
    (_, head, first), (_, again, same), (_, _, last) = receiver.calls
    assert (first, head["Idempotency-Key"]) == (same, again["Idempotency-Key"])
    assert head["Content-Type"] == "application/json"
    warning, end = json.loads(first), json.loads(last)
    assert warning["id"] == head["Idempotency-Key"]
    assert (warning["what"], warning["ends"]) == ("take shelter", None)
    assert (end["what"], end["ends"], end["taken_back"]) == ("all clear", warning["id"], False)
    assert warning["zone"] == {"id": "apron", "name": "apron"}
    ring = warning["area"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert all(10.9 < lon < 11.1 and 47.9 < lat < 48.1 for lon, lat in ring)
    assert warning["ceiling_msl_m"] == 1100.0


def test_a_webhook_that_refuses_makes_a_dead_letter(run, receiver):
    receiver.answers = [400]
    made = run(node_with(receiver.url, 'kind = "webhook"'), alert_entries("released"))
    until(lambda: standing(made).failed == 1)
    assert standing(made).last_error == "the receiver answered 400"
    assert len(receiver.calls) == 1 < MAX_TRIES


def test_a_webhooks_folder_holds_json(run, tmp_path):
    made = run(node_with("file:out", 'kind = "webhook"'), alert_entries("released"))
    until(lambda: standing(made).delivered == 1)
    (path,) = (tmp_path / "out").iterdir()
    assert path.suffix == ".json"
    assert json.loads(path.read_text())["id"] == path.stem


def test_the_page_shows_what_a_webhook_gets(run, receiver):
    (channel,) = blocks("webhook.md", "toml")
    (shown,) = blocks("webhook.md", "json")
    example = json.loads(shown)
    node = node_with(receiver.url, 'kind = "webhook"')
    made = run(node, alert_entries("released"))
    until(lambda: standing(made).delivered == 1)
    sent = json.loads(receiver.calls[0][2])
    assert list(sent) == list(example)
    assert {k: type(v) for k, v in sent.items()} == {k: type(v) for k, v in example.items()}
    assert sent["instruction"] == example["instruction"]
    from tests.service.harness import SITE

    assert read_site((SITE + channel).encode(), "webhook.md").channels[0].kind == "webhook"


def test_the_receiver_on_the_page_takes_a_warning(run):
    import subprocess
    import sys

    from tests.ports import free_port

    port = free_port()
    (code,) = blocks("webhook.md", "python")
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code.replace("9000", str(port))], stdout=subprocess.PIPE
    )
    try:
        node = node_with(f"http://127.0.0.1:{port}/", 'kind = "webhook"')
        made = run(node, alert_entries("released"))
        until(lambda: standing(made).delivered == 1, 60.0)
        said = process.stdout.readline().decode()
        assert said.startswith("tocsin-")
        assert "TAKE SHELTER: apron" in said
    finally:
        process.kill()
        process.communicate()
