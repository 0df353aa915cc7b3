#!/bin/sh
# Write requirements/*.txt anew from pyproject.toml: every package with its hashes, and no index
# lines, so that any mirror of the package index will do. Needs `uv` (from the package index).
set -eu
python=.venv/bin/python
"$python" -m pip install --quiet uv
common="--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --universal --python-version 3.11 -q"
# shellcheck disable=SC2086
"$python" -m uv pip compile $common --extra all --group build pyproject.toml -o requirements/all.txt
# shellcheck disable=SC2086
"$python" -m uv pip compile $common --extra all --group build --group dev -c requirements/all.txt pyproject.toml \
    -o requirements/dev.txt
