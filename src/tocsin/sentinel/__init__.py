"""The sentinel: a small process on another machine that sounds its own alarm when the watch,
its siren path or every armed watch page has gone. The standard library alone, so that it
starts at once and fits on any machine; it shares no code with what it watches but the errors.
"""

__all__ = ["ROOM"]

ROOM = "sentinel"
