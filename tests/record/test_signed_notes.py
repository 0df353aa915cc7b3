"""Signatures and signed notes, judged by RFC 8032, Go's own note and `cryptography`."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)  # fmt: skip
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.record.checkpoint import checkpoint_text, key_for, origin_of, signed_note
from tocsin.record.verifier import (
    checkpoint_of,
    ed25519_verifies,
    key_of,
    notes_of,
    short_code,
    signatures_of,
    why_not_signed,
)  # fmt: skip

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature
RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip
# The example of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = key_for("tocsin.two-bases.1/live", PRIVATE.public_key().public_bytes_raw())
SIGNER = (KEY, PRIVATE.sign)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_rfc_8032(public, message, signature):
    public, message, signature = map(bytes.fromhex, (public, message, signature))
    assert ed25519_verifies(public, signature, message)
    assert not ed25519_verifies(public, signature, message + b"x")
    for place in (0, 31, 32, 63):
        bad = bytearray(signature)
        bad[place] ^= 1
        assert not ed25519_verifies(public, bytes(bad), message)


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_signatures_are_judged_as_cryptography_judges_them(seed, message, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_verifies(public, signature, message)
    bad = bytearray(signature)
    bad[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(bad), message)
    assert not ed25519_verifies(public, bytes(bad), message)


def test_a_second_form_of_a_signature_is_refused():
    # RFC 8032, 5.1.7: S lies below the order of the group, so that nobody makes another of it.
    order = 2**252 + 27742317777372353535851937790883648493
    public, message, signature = (bytes.fromhex(h) for h in RFC_8032[1])
    other = int.from_bytes(signature[32:], "little") + order
    assert not ed25519_verifies(public, signature[:32] + other.to_bytes(32, "little"), message)


def test_a_note_of_go_is_read_and_its_signature_holds():
    key = key_of(GO_KEY)
    assert key.text == GO_KEY
    assert why_not_signed(GO_NOTE, [key]) == ""
    assert "wrong" in why_not_signed(GO_NOTE.replace("answer", "Answer"), [key])
    assert "none of the keys" in why_not_signed(GO_NOTE, [KEY])


def checkpoint(size=7, root=bytes(32), head=bytes(32)):
    text = checkpoint_text(KEY.name, size, root, head, "2026-08-05T12:00:07Z")
    return signed_note(text, [SIGNER])


def test_a_checkpoint_comes_back_as_it_was_written():
    point = checkpoint_of(checkpoint(7, b"r" * 32, b"h" * 32))
    assert point == (KEY.name, 7, b"r" * 32, b"h" * 32, "2026-08-05T12:00:07Z")
    assert why_not_signed(checkpoint(), [KEY]) == ""
    assert notes_of(checkpoint(1) + "\n" + checkpoint(2)) == [checkpoint(1), checkpoint(2)]


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_of_a_checkpoint_is_found(place, flip):
    note = bytearray(checkpoint().encode())
    note[place % len(note)] ^= flip
    text = note.decode(errors="replace")
    assert checkpoint_of(text) is None or why_not_signed(text, [KEY])


@pytest.mark.parametrize(
    "note",
    [
        "", "\n\n", "text\n", "text\n\n", "text\n\n— a\n", "text\n\n— a ####\n",
        "text\n\n- a AAAA\n", "x\n01\nAAAA\n\n— a AAAA\n", checkpoint() + "more\n",
        checkpoint().replace("head", "a word of somebody's\nhead"),
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_none(note):
    assert checkpoint_of(note) is None
    if signatures_of(note) is None:
        assert why_not_signed(note, [KEY])


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a+00000000+AA==", GO_KEY[:-4] + "AAAA", GO_KEY.replace("Peter", "Petra"),
     "n+zz+" + base64.b64encode(b"\1" + bytes(32)).decode()],
)  # fmt: skip
def test_what_is_no_key_is_none(text):
    assert key_of(text) is None


def test_the_name_of_a_ledger_is_one_word_and_the_mode():
    assert origin_of("Nördlich & Süd", 7, "live") == "tocsin.n-rdlich-s-d.7/live"
    assert origin_of("", 1, "exercise") == "tocsin.node.1/exercise"


def test_the_short_code_names_the_size_and_differs_with_the_root():
    code = short_code(1200, bytes(32))
    assert code.startswith("1200-")
    assert len(code) == 4 + 4 * 5
    assert short_code(1200, b"\1" * 32) != code != short_code(1201, bytes(32))
