"""A desk whose acts go over a real socket: the same day as in tests/record, entered by HTTP."""

import json
import subprocess
import sys

import httpx
from tests.record.desk import Desk


class HttpDesk(Desk):
    """Posts each act as a person would; `rows` are the ids that came back."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self.client, self.rows, self.sent = client, [], []

    def try_act(self, verb, *, user="editor-1", **body):
        accepted, sentence, _ = self.post(verb, body)
        return accepted, sentence

    def act(self, verb, *, user="editor-1", **body):
        accepted, sentence, row = self.post(verb, body)
        assert accepted, sentence
        assert row
        self.rows.append(row)
        return row

    def post(self, verb, body, key=None):
        self.count += 1
        request = {"verb": verb, "key": key or f"key-{self.count}", "body": body}
        self.sent.append(request)
        answer = self.client.post("/api/v1/record", json=request)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        return said["accepted"], said["sentence"], said["id"]

    def get(self, path, **params):
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


def sign_in(url, link):
    """Return a client of a person who used a sign-in link."""
    client = httpx.Client(base_url=url, timeout=60)
    assert client.get(link).status_code == 303
    return client


def second_person(desk_client, url, name, roles):
    """Return a client of a further user, made by an administrator."""
    answer = desk_client.post("/api/v1/users", json={"name": name, "roles": roles})
    assert answer.status_code == 200, answer.text
    return sign_in(url, answer.json()["path"])


def tocsin(folder, *words):
    """Return what a verb of the command line prints with --json, run in a folder."""
    command = [sys.executable, "-m", "tocsin", *words, "--json"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
