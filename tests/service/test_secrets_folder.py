"""Secrets of our own: made once, whole, for everybody who asks at the same time."""

import stat
import threading

import pytest

from tocsin.errors import ServiceError
from tocsin.service.secrets_folder import own_secret

ASKERS = 8


@pytest.mark.parametrize("turn", range(20))
def test_who_asks_at_once_gets_the_one_secret_and_nobody_half_of_it(tmp_path, turn):
    start, found = threading.Barrier(ASKERS), []

    def ask():
        start.wait()
        try:
            found.append(own_secret("radar", tmp_path / "secrets"))
        except ServiceError as error:
            found.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    path = tmp_path / "secrets" / "radar"
    assert found == [path.read_text().strip()] * ASKERS
    assert len(found[0]) >= 32
    assert [p.name for p in path.parent.iterdir()] == ["radar"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_is_there_stays(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "radar").write_text("sixteen-characters-or-more\n")
    assert own_secret("radar", folder) == "sixteen-characters-or-more"


def test_a_short_secret_is_refused_with_a_sentence(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "radar").write_text("short\n")
    with pytest.raises(ServiceError, match="has 5 characters; give at least 16"):
        own_secret("radar", folder)
