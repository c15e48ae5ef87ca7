"""Names of things: canonical JSON, content digests, run ids and the keys that state is filed under."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import Any

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def canonical_json(value: Any) -> str:
    """Serialise JSON data to the one text that equal data always has: sorted keys, no blanks, UTF-8.

    Raises ValueError for NaN and the infinities, which JSON does not have.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 in hexadecimal of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def new_run_id() -> str:
    """A fresh run id: `r-` and ten hexadecimal digits from the operating system's generator."""
    return f"r-{secrets.token_hex(5)}"


def is_run_id(text: str) -> bool:
    """Whether `text` may name a run, and so a folder: letters, digits, `-` and `_`, 64 at most."""
    return RUN_ID.fullmatch(text) is not None


def cycle_key(cycle: int) -> str:
    """Key of what belongs to a whole cycle: `c1`."""
    return f"c{cycle}"


def hypothesis_id(cycle: int, number: int) -> str:
    """Id of the `number`-th hypothesis (from 1) of a cycle, unique in its run: `c1h2`."""
    return f"c{cycle}h{number}"


def generation_key(hypothesis: str, generation: int) -> str:
    """Key of the `generation`-th attempt (from 1) at something for a hypothesis: `c1h2g1`."""
    return f"{hypothesis}g{generation}"
