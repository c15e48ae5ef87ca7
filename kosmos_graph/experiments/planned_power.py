"""What a design can detect, judged from its numbers of rows before any outcome is looked at."""

from __future__ import annotations

import math

from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.design import Design
from kosmos_graph.experiments.counting import level_names, rows_left
from kosmos_graph.experiments.power import minimum_detectable


def standardised_detectable(design: Design, card: DataCard, alpha: float) -> float | None:
    """Smallest standardised effect detected with 80 % power: a difference in standard deviations, or twice a correlation's z.

    Two groups: standard error √(1/a + 1/b) of their level counts, scaled down to the complete rows; one sample or pairs: 1/√n;
    two numbers: 2/√(n − 3), the difference between halves that corresponds to Fisher's z. Several groups: the two smallest.
    None where the rows are too few to say, and for series, whose points depend on each other.
    """
    if design.target.time is not None:
        return None
    rows = rows_left(card, design.target, design.covariates)
    error = _standard_error(design, card, rows)
    return minimum_detectable(error, None, alpha, design.alternative) if error is not None else None


def _standard_error(design: Design, card: DataCard, rows: int) -> float | None:
    target = design.target
    column = card.column(target.predictors[0]) if target.predictors else None
    if column is not None and column.levels and target.pair is None:
        sizes = sorted(column.n_of(name) for name in level_names(card, target))
        share = min(1.0, rows / sum(sizes)) if sum(sizes) else 0.0
        a, b = (size * share for size in sizes[:2]) if len(sizes) > 1 else (0.0, 0.0)
        return math.sqrt(1 / a + 1 / b) if a > 0 and b > 0 else None
    if column is not None and not column.levels:
        return 2 / math.sqrt(rows - 3) if rows > 3 else None
    units = rows // 2 if target.pair is not None else rows
    return 1 / math.sqrt(units) if units > 1 else None
