"""What leaves the machine when a model is hosted elsewhere, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from kosmos_graph.data.table import shown
from kosmos_graph.domain.data_card import DataCard

CODE = " The errors of code that a model writes go to it for repair, less the numbers and quotations that it did not write itself."


def disclosure(cards: Sequence[DataCard], hosts: Sequence[str], *, code: bool = False) -> str:
    """The sentence that is shown before a run; `hosts` are those outside the machine that models are called on.

    With `code` a model may write experiments, and one more sentence says what it learns of them.
    """
    if not hosts:
        return "Nothing leaves this machine."
    where = _listed([shown(host) for host in sorted(set(hosts))])
    if not cards:
        return f"What leaves this machine, to {where}: your question and what you state about the study."
    return (
        f"What leaves this machine, to {where}: your question, what you state about the study, the names, kinds, units, ranges "
        f"and levels of the columns of {_listed([_described(card) for card in cards])}, and the computed results; never a row."
        f"{CODE if code else ''}"
    )


def _described(card: DataCard) -> str:
    levels = sum(len(column.levels) for column in card.columns)
    columns = len(card.columns)
    return f"{shown(card.name)} ({columns} column{'' if columns == 1 else 's'}, {levels} level{'' if levels == 1 else 's'})"


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
