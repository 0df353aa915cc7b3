"""`python -m tocsin.cli` is the same as `tocsin`."""

from tocsin.cli import main

main()
