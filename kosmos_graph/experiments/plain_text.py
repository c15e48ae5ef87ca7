"""Names out of the data made safe and short for a figure."""

from __future__ import annotations

import unicodedata

from kosmos_graph.domain.data_card import DataCard

LONGEST = 40


def plain(text: str, longest: int = LONGEST) -> str:
    """`text` on one line of at most `longest` characters, without control, private-use or text-direction characters.

    Figures are drawn with mathtext switched off, so that `$`, `\\` and `_` are characters like any other.
    """
    visible = "".join(" " if character.isspace() else character for character in text if _drawable(character))
    line = " ".join(visible.split()) or "(unnamed)"
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _drawable(character: str) -> bool:
    return character.isspace() or not unicodedata.category(character).startswith("C")


def axis_label(card: DataCard, column: str) -> str:
    """The column's label or name, with its unit where one is known."""
    found = card.column(column)
    if found is None:
        return plain(column)
    name = plain(found.label or column)
    return f"{name} ({plain(found.unit, 16)})" if found.unit else name
