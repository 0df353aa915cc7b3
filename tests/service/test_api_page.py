"""The examples of docs/api.md run as they stand."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from tests.conftest import missing
from tests.service.fakes import FakePipeline
from tests.service.harness import service

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_every_curl_example_of_the_page_gets_its_answer(tmp_path):
    if shutil.which("curl") is None:
        missing("curl", "install it (Debian package curl)")

    async def run():
        async with service(tmp_path, pipeline=FakePipeline(), signed_in=False) as running:
            environment = os.environ | {"LINK": running.said[0].split(" ", 1)[1]}
            answers = []
            for example in EXAMPLES:
                script = example.replace("http://127.0.0.1:8080", running.url)
                process = await asyncio.create_subprocess_exec(
                    "sh", "-ec", script.replace("curl -s", "curl -sf -w '\\n'"), cwd=tmp_path,
                    env=environment, stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
                said, _ = await process.communicate()
                assert process.returncode == 0, (example, said)
                answers.append(said.decode())
            assert '"watch officer"' in answers[0]
            assert '"path":"/enter?token=' in answers[1]
            assert json.loads(answers[2])["detections"] == 1
            acts = [json.loads(line) for line in answers[3].splitlines() if line]
            assert [act["accepted"] for act in acts] == [True, True, True]
            assert json.loads(answers[4])["accepted"] is True
            assert json.loads(answers[5])["proposal"]["format"] == "plain"
            assert "tocsin_ready 1.0" in answers[6]

    asyncio.run(run())


@pytest.mark.parametrize(
    "path", ["/api/v1/detections", "/api/v1/acts", "/api/v1/ledger", "/api/v1/record"]
)
def test_the_page_names_what_the_description_names(path):
    assert any(path in example for example in EXAMPLES)
