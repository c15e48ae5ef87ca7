#!/usr/bin/env bash
# Everything the tests need, from nothing but Python 3.11 or newer with pip; then the tests. Arguments go to pytest.
# The lock is complete, so nothing is resolved (`--no-deps`): pip would look for packages with extras beside their pinned selves.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${KOSMOS_VENV:-.venv}
[ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
"$VENV/bin/python" -m pip check --disable-pip-version-check > /dev/null
exec "$VENV/bin/python" -m pytest "$@"
