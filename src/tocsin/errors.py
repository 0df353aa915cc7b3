"""What can go wrong, as one tree.

TocsinError
├── CallError           the caller asked for something that cannot be (exit status 2)
├── DataError           what was given to read is wrong (exit status 1)
│   ├── SiteError       a site file, or a value in it
│   ├── FormatError     a file that is not of the format it was said to be
│   ├── ScenarioError   a scenario folder
│   └── JournalError    a journal that cannot be opened, read or continued
└── ServiceError        the machine refuses: a port in use, a full disk, a missing right (1)

What the world sends (a broken datagram, a clock hours off) is no exception but a value:
`model.frames.Rejected`, counted with its reason. An exception's message says what was wrong,
with the value, and what would be right; the same data are attributes of `.data`.
"""

__all__ = [
    "CallError",
    "DataError",
    "FormatError",
    "JournalError",
    "ScenarioError",
    "ServiceError",
    "SiteError",
    "TocsinError",
]


class TocsinError(Exception):
    """The root. `data` holds what the message talks about."""

    exit_status = 1

    def __init__(self, message: str, **data: object) -> None:
        super().__init__(message)
        self.data = data


class CallError(TocsinError):
    """A call that cannot be carried out as it was made."""

    exit_status = 2


class DataError(TocsinError):
    """Input that is wrong in itself."""


class SiteError(DataError):
    """A site file that cannot be used."""


class FormatError(DataError):
    """A file that is not of the format it was said to be."""


class ScenarioError(DataError):
    """A scenario folder that cannot be read."""


class JournalError(DataError):
    """A journal that cannot be opened, read or continued."""


class ServiceError(TocsinError):
    """The machine does not allow it: a port in use, a full disk, a missing right."""
