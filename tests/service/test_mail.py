"""Warnings by e-mail, to a real SMTP server (aiosmtpd) on loopback."""

import contextlib
import email
import email.policy
import re
import ssl
import warnings
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.service.certificates import certificate
from tests.service.desk import alert_entries, node_with, standing, until
from tests.service.harness import SITE

from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError, SiteError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

pytestmark = pytest.mark.usefixtures("quick")
LETTERS = """kind = "mail"
sender = "tocsin@example.org"
recipients = ["desk@example.org", "duty@example.org"]
"""


class Mailbox:
    """Takes letters as it is told to: answers by recipient, used up one by one."""

    def __init__(self):
        self.letters, self.answers, self.users = [], {}, []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answers = self.answers.get(address, [])
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        letter = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, letter))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.users.append((data.login, data.password))
        return AuthResult(success=data.password == b"secret-word")


@contextlib.contextmanager
def post_office(box, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        office = Controller(box, hostname="127.0.0.1", port=free_port(), **more)
        office.start()
    try:
        yield office.port
    finally:
        office.stop()


@pytest.fixture
def box():
    return Mailbox()


def test_each_recipient_gets_a_letter_of_plain_words_and_the_end_answers_it(run, box):
    with post_office(box) as port:
        node = node_with(f"smtp://127.0.0.1:{port}", LETTERS)
        made = run(node, alert_entries("proposed", "released", "cleared"))
        until(lambda: standing(made).delivered == 4, 60.0)
    assert sorted(to for _, (to,), _ in box.letters) == (
        ["desk@example.org"] * 2 + ["duty@example.org"] * 2
    )
    assert {sender for sender, _, _ in box.letters} == {"tocsin@example.org"}
    warning, end = [letter for _, (to,), letter in box.letters if to.startswith("desk")]
    assert warning["To"] == "desk@example.org"
    assert warning["Subject"] == "TAKE SHELTER: apron, north"
    assert end["In-Reply-To"] == warning["Message-ID"]
    assert warning["Auto-Submitted"] == "auto-generated"
    text = warning.get_content()
    assert "Go to the nearest shelter now." in text
    assert "2023-11-14T22:13:21Z" in text
    assert "ALL CLEAR" in end["Subject"]


def test_a_drill_says_so_in_the_subject(run, box):
    with post_office(box) as port:
        node = node_with(
            f"smtp://127.0.0.1:{port}", LETTERS + 'natures = ["exercise"]\n', "exercise"
        )
        made = run(node, alert_entries("released", nature="exercise"))
        until(lambda: standing(made).delivered == 2, 60.0)
    letter = box.letters[0][2]
    assert letter["Subject"].startswith("[EXERCISE] TAKE SHELTER")
    assert "This is not real: Exercise." in letter.get_content()


def test_one_who_is_not_taken_holds_up_no_other_and_is_a_dead_letter(run, box, tmp_path):
    box.answers = {"desk@example.org": ["550 no such mailbox"],
                   "duty@example.org": ["451 try later", "451 try later"]}  # fmt: skip
    with post_office(box) as port:
        made = run(node_with(f"smtp://127.0.0.1:{port}", LETTERS), alert_entries("released"))
        until(lambda: standing(made).delivered == 1 and standing(made).failed == 1, 60.0)
        assert not box.answers["duty@example.org"]
    assert [to for _, (to,), _ in box.letters] == ["duty@example.org"]
    noted = b"".join(path.read_bytes() for path in tmp_path.glob("service.sqlite*"))
    assert b"not delivered" in noted
    assert b"desk@" not in noted


def test_a_server_that_is_down_is_tried_again(run, box):
    node = node_with(f"smtp://127.0.0.1:{free_port()}", LETTERS)
    made = run(node, alert_entries("released"))
    until(lambda: "Refused" in standing(made).last_error, 60.0)
    assert standing(made).queued == 2


def test_with_tls_the_password_goes_out_only_to_who_the_authority_has_signed(
    run, box, tmp_path
):
    folder = tmp_path / "secrets"
    folder.mkdir(exist_ok=True)
    authority = certificate(folder, "authority", is_authority=True)
    certificate(folder, "stranger", is_authority=True)
    certificate(folder, "server", authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    more = {
        "tls_context": context, "require_starttls": True, "auth_required": True,
        "authenticator": box.authenticate,
    }  # fmt: skip
    with post_office(box, **more) as port:
        to = f"smtp+starttls://tocsin@localhost:{port}"
        letters = LETTERS + 'secret = "mail"\ntls_authority = "NAME"\n'
        node = node_with(to, letters.replace("NAME", "stranger"))
        made = run(node, alert_entries("released"))
        until(lambda: "CERTIFICATE_VERIFY_FAILED" in standing(made).last_error, 60.0)
        assert not box.users
        made.stop()
        (tmp_path / "outbox.sqlite").unlink()
        made = run(node_with(to, letters.replace("NAME", "authority")))
        made.tokens["desk"] = "secret-word"
        made.take(alert_entries("released"))
        until(lambda: standing(made).delivered == 2, 60.0)
    assert set(box.users) == {(b"tocsin", b"secret-word")}


def test_a_certificate_that_is_not_there_is_said_at_the_start(tmp_path):
    from tocsin.service.sender import open_sender
    from tocsin.service.service_ledger import ServiceLedger

    letters = LETTERS + 'tls_authority = "mail-ca"\n'
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    with pytest.raises(ServiceError, match=r"mail-ca\.crt or its key cannot be used"):
        open_sender(node_with("smtps://localhost", letters), tmp_path, ledger)
    ledger.close()


def test_the_channel_on_the_page_reaches_a_mailbox(run, box):
    page = Path(__file__).parents[2] / "docs" / "formats" / "mail.md"
    (text,) = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
    read_site((SITE + text).encode(), "mail.md")
    with post_office(box) as port:
        text = re.sub(r'"smtp[^"]*"', f'"smtp://127.0.0.1:{port}"', text)
        text = re.sub(r"(?m)^(secret|tls_authority).*$", "", text)
        made = run(read_site((SITE + text).encode(), "s"), alert_entries("released"))
        until(lambda: standing(made).delivered == len(made.node.channels[0].recipients), 60.0)
    assert box.letters


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('sender = "tocsin@example.org"', "", "has the mail address ''"),
        ('"desk@example.org"', '"Desk <desk@example.org>"', "write one like desk@example.org"),
        ('"duty@example.org"', '"desk@example.org"', "names a recipient twice"),
        ('["desk@example.org", "duty@example.org"]', "[]", "has 0 recipients"),
        ('kind = "mail"', 'kind = "mail"\nsac = 1', "belongs to asterix"),
        ('kind = "mail"', 'kind = "mail"\nsecret = "mail"', "write smtps://"),
    ],
)
def test_what_is_wrong_with_a_mail_channel_is_said(old, new, words):
    with pytest.raises(SiteError) as caught:
        node_with("smtp://192.0.2.25", LETTERS.replace(old, new))
    assert words in str(caught.value)
