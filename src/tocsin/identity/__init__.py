"""Evidence to identity: drone, bird, aircraft, ... unknown. Declared words are quoted."""

from tocsin.identity._declared import label_declared
from tocsin.identity._emitters import hear_into
from tocsin.identity._kernels_fusion import CONFLICT_LIMIT
from tocsin.identity._state import IdentityState, open_identity
from tocsin.identity.assess import assess_into

__all__ = [
    "CONFLICT_LIMIT",
    "IdentityState",
    "assess_into",
    "hear_into",
    "label_declared",
    "open_identity",
]
