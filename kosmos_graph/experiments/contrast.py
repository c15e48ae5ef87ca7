"""Which of two levels is A and which is B, where an effect is A minus B."""

from __future__ import annotations

from collections.abc import Sequence

from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.domain.hypothesis import Target


def contrast(target: Target, present: Sequence[str], card: ColumnCard | None) -> tuple[str, str]:
    """Levels (A, B) of a predictor with exactly two levels `present`, in the order of its categories.

    The target's levels decide; else the declared reference is B, the declared positive level A, the higher of two ordered levels
    A; else the first present is A.
    """
    if target.levels is not None:
        return target.levels
    first, second = present
    if card is None:
        return first, second
    if card.reference in present:
        swap = card.reference == first
    elif card.positive in present:
        swap = card.positive == second
    else:
        swap = card.kind is Kind.ORDINAL
    return (second, first) if swap else (first, second)
