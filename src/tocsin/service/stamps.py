"""RFC 3161 requests and answers: what is asked of an authority, and whether to believe it.

The one door to `rfc3161_client`, which does no input or output. Certificates are judged at the
time that a stamp says: it stays good after they expire.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus, TimeStampResponse

from tocsin.record.verifier import Stamp, stamp_of

__all__ = [
    "MEDIA_TYPE", "StampError", "check_signature", "check_stamp", "read_roots", "request_of",
]  # fmt: skip

MEDIA_TYPE = "application/timestamp-query"


class StampError(Exception):
    """An answer that stamps nothing. reason: a few words that are counted by."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def read_roots(path: Path) -> list[Certificate]:
    """Return the certificates in a PEM file. Raises OSError or ValueError."""
    return load_pem_x509_certificates(path.read_bytes())


def request_of(note: str, *, nonce: bool) -> tuple[bytes, int | None]:
    """Return (request in DER, its nonce): SHA-256 of the note, certificates asked for."""
    made = TimestampRequestBuilder(
        data=note.encode(), hash_algorithm=HashAlgorithm.SHA256, nonce=nonce, cert_req=True
    ).build()
    return made.as_bytes(), made.nonce


def check_stamp(
    answer: bytes, note: str, nonce: int | None, roots: Sequence[Certificate]
) -> Stamp:
    """Return what an answer says of a note. Raises StampError where it is no stamp of it.

    nonce: the one of the request, None where it had none; roots: none where the signature is
    not checked.
    """
    read = _decoded(answer)
    if read.status != PKIStatus.GRANTED:
        words = " ".join("".join(read.status_string).split())[:200]
        raise StampError("refused", f"it refused (status {read.status}): {words or 'no word'}")
    stamp = stamp_of(answer)
    try:
        info = read.tst_info
        same = stamp is not None and (
            stamp.imprint == info.message_imprint.message
            and stamp.at.startswith(info.gen_time.strftime("%Y-%m-%dT%H:%M:%S"))
        )
        answered = info.nonce
    except ValueError as error:
        raise StampError("no stamp", f"its answer is no time stamp: {error}") from error
    if stamp is None or not same:
        raise StampError("no stamp", "its answer is no time stamp with SHA-256")
    if stamp.imprint != hashlib.sha256(note.encode()).digest():
        raise StampError("other imprint", "it stamped something else than it was sent")
    if nonce is not None and answered != nonce:
        raise StampError("other nonce", "it answered another request (the nonce differs)")
    if roots:
        check_signature(answer, note, roots)
    return stamp


def check_signature(answer: bytes, note: str, roots: Sequence[Certificate]) -> None:
    """Raise StampError where a stamp of a note is not signed by an authority whose
    certificates, valid at that time and for this purpose, lead to one of the roots.
    """
    try:
        verifier = VerifierBuilder(roots=list(roots)).build()
        verifier.verify_message(_decoded(answer), note.encode())
    except (VerificationError, ValueError) as error:
        raise StampError("signature", f"its signature is not good: {_words(error)}") from error


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(answer)
    except ValueError as error:
        raise StampError("no stamp", f"its answer is no time stamp: {error}") from error


def _words(error: Exception) -> str:
    """Return what was wrong: of OpenSSL's stack of errors, what it says of the certificate."""
    text = str(error)
    for mark in ('data: "Verify error: ', 'reason: "'):
        _, found, rest = text.partition(mark)
        if found:
            return rest.partition('"')[0]
    return text[:200]
