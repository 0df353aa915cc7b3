"""A site file that takes the place of another on the same journal and ledger."""

from dataclasses import dataclass

from tocsin.model.sites import Node

__all__ = ["SiteChange"]


@dataclass(frozen=True, slots=True)
class SiteChange:
    """node: as the new file says it; where: the file's name; before, after: SHA-256 (hex) of
    the old and the new file; by: whose change it is, a pseudonym ("" by hand, in the file).
    """

    node: Node
    where: str
    before: str
    after: str
    by: str = ""
