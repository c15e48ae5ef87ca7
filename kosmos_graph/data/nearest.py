"""The names that are near to one that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from kosmos_graph.data.table import shown


def did_you_mean(wanted: str, known: Iterable[str]) -> str:
    """`; did you mean `x` or `y`?` with the nearest of `known`, at most three; empty where none is near."""
    folded: dict[str, str] = {}
    for name in sorted(set(known)):
        folded.setdefault(_fold(name), name)
    near = difflib.get_close_matches(_fold(wanted), list(folded), n=3, cutoff=0.65)
    return f"; did you mean {' or '.join(f'`{shown(folded[name])}`' for name in near)}?" if near else ""


def _fold(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum()) or name
