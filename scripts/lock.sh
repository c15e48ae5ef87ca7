#!/usr/bin/env bash
# Write requirements.lock anew: every package the project and its tests need, exact, with hashes, for every platform.
# It names no registry host, so that it works with any mirror. Needs uv (`pip install uv`).
set -euo pipefail
cd "$(dirname "$0")/.."
uv pip compile pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 \
  --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock "$@"
