"""What who looks back may ask of a playback: where to go, and how fast to go on."""

import math

import msgspec

__all__ = ["FASTEST", "Order"]

FASTEST = 60.0  # service seconds in a second


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a viewer asks for. at_s: go there (Unix UTC); rate: service seconds in a second
    from now on, 0 stands still.
    """

    at_s: float | None = None
    rate: float | None = None

    def fault(self) -> str:
        """Return what is wrong with it, or ""."""
        if self.at_s is not None and not math.isfinite(self.at_s):
            return "at_s is no time; give Unix seconds"
        if self.rate is not None and not 0.0 <= self.rate <= FASTEST:
            return f"rate is {self.rate:g}; give 0 to {FASTEST:g}"
        return ""
