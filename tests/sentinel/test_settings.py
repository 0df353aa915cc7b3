"""The sentinel's file: what is wrong is said, with what would be right."""

from pathlib import Path

import pytest

from tocsin.errors import CallError, DataError
from tocsin.sentinel.settings import read_settings

LEAST = 'server = "https://watch.example.org"\nsecret = "guard"\n'
MAIL = (
    '[mail]\nserver = "smtps://desk@mail.example.org"\nsender = "a@b.org"\n'
    'recipients = ["c@d.org"]\n'
)


def read(tmp_path, text, token="a-token"):
    (tmp_path / "guard").write_text(token)
    path = tmp_path / "s.toml"
    path.write_text(text)
    return read_settings(path)


def test_the_least_file_is_enough(tmp_path):
    settings = read(tmp_path, LEAST)
    assert settings.token == "a-token"
    assert settings.gone_s == 10.0
    assert settings.what == ("server", "sirens", "pages")


def test_the_file_of_the_manual_is_read(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "operating" / "sentinel.md"
    text = page.read_text().split("```toml\n")[1].split("```")[0]
    for name in ("webhook-token", "mail-password", "sentinel-guard-room"):
        (tmp_path / name).write_text("a-token-of-somebody")
    settings = read(tmp_path, text)
    assert settings.command
    assert settings.mail.port == 465
    assert settings.reference


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('secret = "guard"', "server"),
        ('server = "https://a.org"', "secret"),
        ('server = "ftp://a.org"\nsecret = "guard"', "https"),
        ('server = "http://a.org"\nsecret = "guard"', "not encrypted"),
        ('server = "https://a.org:99999"\nsecret = "guard"', "https"),
        ('server = "https://a.org"\nsecret = "nowhere"', "neither"),
        (LEAST + "gone_s = 1", "3 to 600"),
        (LEAST + 'gone_s = "10"', "3 to 600"),
        (LEAST + 'what = ["pages"]', "server has to be one"),
        (LEAST + 'what = ["server", "radars"]', "sirens"),
        (LEAST + 'reference = "gateway"', "HOST:PORT"),
        (LEAST + 'sever = "x"', "it knows"),
        (LEAST + '[alarm]\ncommand = "aplay x"', "list"),
        (LEAST + "[alarm]\ncommand = []", "list"),
        (LEAST + "[alarm]\nbell = 1", "true or false"),
        (LEAST + "[alarm]\nhorn = true", "it knows"),
        (LEAST + '[alarm]\nwebhook = "http://a.org/x"', "not encrypted"),
        (LEAST + MAIL.replace("smtps", "http"), "smtps"),
        (LEAST + MAIL.replace('["c@d.org"]', '["c"]'), "address"),
        (LEAST + MAIL.replace("smtps", "smtp") + 'secret = "guard"', "smtps"),
        ("server =", "TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, word):
    with pytest.raises(DataError, match=word):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_a_bad_call(tmp_path):
    with pytest.raises(CallError):
        read_settings(tmp_path / "none.toml")
