"""The record: an append-only hash chain of entries."""

from tocsin.record.canonical import canonical
from tocsin.record.chain import Chain, append_into, first_bad, open_chain

__all__ = ["Chain", "append_into", "canonical", "first_bad", "open_chain"]
