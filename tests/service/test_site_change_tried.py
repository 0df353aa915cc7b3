"""What another site file needs of the machine is tried before the journal goes over to it."""

import contextlib
import socket

import pytest
from tests.ports import free_port
from tests.service.certificates import certificate
from tests.service.harness import SITE
from tests.service.site_changes import T0_S, quiet, running, start

from tocsin.service import journal as j

pytestmark = pytest.mark.jit


def sensor(listen, more=""):
    return SITE + (
        f'[[sensor]]\nid = "radar"\nkind = "radar"\nformat = "asterix"\nlisten = "{listen}"\n'
        f'sites = ["north"]\nlat = 48.002\nlon = 11.0\nheight_m = 5\n{more}'
    )


def journal_of(folder):
    """Return what a change would alter: ledger entries, journal files, the file in use."""
    data = folder / "data"
    entries = [(e.number, e.digest) for e in j.read_entries(data, limit=10_000)]
    copy = (data / "site-files" / "in-use.toml").read_text()
    return entries, j.journal_files(data), copy


@pytest.fixture
def watched(tmp_path):
    with running(tmp_path, T0_S, start(tmp_path, T0_S, SITE)) as step:
        quiet(step, T0_S, 1)
    return tmp_path


def refused(folder, site):
    """Start with a file that cannot be; return the sentence. All is as it was."""
    before, said = journal_of(folder), []
    assert start(folder, T0_S + 5, site, said).text == SITE
    assert journal_of(folder) == before
    (told,) = said
    assert "goes on with the file before it" in told
    return told


@pytest.mark.parametrize("scheme", ["udp", "tcp-listen"])
def test_a_port_that_is_taken_refuses_the_file_until_it_is_free(watched, scheme):
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    free = free_port(kind)
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if scheme != "udp":
            other.listen()
        taken = f"{scheme}://127.0.0.1:{other.getsockname()[1]}"
        site = sensor(f"{scheme}://127.0.0.1:{free}") + (
            f'[[sensor]]\nid = "second"\nkind = "radar"\nformat = "asterix"\n'
            f'listen = "{taken}"\nsites = ["north"]\nlat = 48.003\nlon = 11.0\nheight_m = 5\n'
        )
        told = refused(watched, site)
        assert "sensor 'second' can" in told
        assert taken in told
        assert "end the program that uses that port" in told
        with socket.socket(socket.AF_INET, kind) as again:
            again.bind(("127.0.0.1", free))  # the first one's was let go of
    assert start(watched, T0_S + 10, site).text == site
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as again:
        again.bind(("127.0.0.1", free))


@pytest.mark.parametrize("fault", ["missing", "no PEM", "another key"])
def test_a_certificate_that_cannot_be_used_refuses_the_file_until_it_can(watched, fault):
    secrets = watched / "data" / "secrets"
    secrets.mkdir(exist_ok=True)
    if fault == "no PEM":
        (secrets / "radar.crt").write_text("this is no certificate")
        (secrets / "radar.key").write_text("nor a key")
    elif fault == "another key":
        certificate(secrets, "other")
        certificate(secrets, "radar")
        (secrets / "other.key").replace(secrets / "radar.key")
    site = sensor(f"tcp-listen://127.0.0.1:{free_port()}", 'tls = "radar"\n')
    told = refused(watched, site)
    assert "radar.crt or its key cannot be used" in told
    certificate(secrets, "radar")
    assert start(watched, T0_S + 10, site).text == site


def test_a_certificate_of_a_channel_and_a_root_of_a_time_authority_are_tried_too(watched):
    channel = '[[channel]]\nid = "hq"\nkind = "cot"\nto = "tls://127.0.0.1:9"\ntls = "hq"\n'
    assert "hq.crt or its key cannot be used" in refused(watched, SITE + channel)
    authority = '[[timestamp]]\nid = "tsa"\nto = "https://tsa.example/"\ncertificate = "root"\n'
    assert "root.crt" in refused(watched, SITE + authority)
