"""Tocsin: watches the airspace around protected sites, warns people in time, and keeps the
record.

The bare package is the tracking library: ``import tocsin.track``. Everything else needs the
extras of ``pip install 'tocsin[all]'``.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
