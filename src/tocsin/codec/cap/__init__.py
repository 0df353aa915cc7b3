"""OASIS Common Alerting Protocol 1.2: the one form in which warnings leave.

Source: OASIS Standard CAP-V1.2 (1 July 2010). Names of fields and allowed words are the
standard's own.
"""

from tocsin.codec.cap._read import read_cap, read_caps
from tocsin.codec.cap._write import write_cap
from tocsin.codec.cap.nouns import Area, CapAlert, Info

__all__ = ["Area", "CapAlert", "Info", "read_cap", "read_caps", "write_cap"]
