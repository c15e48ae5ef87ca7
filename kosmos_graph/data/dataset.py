"""A data set in memory: its card and its prepared frame."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kosmos_graph.domain.data_card import DataCard


@dataclass(frozen=True)
class Dataset:
    """A prepared data set. `frame` has the card's columns in the card's order and is never written to.

    Numeric kinds are float64 with NaN for missing; categorical kinds are pandas Categoricals of strings (ordered for ordinal,
    categories exactly the card's levels in its order); date-times are naive datetime64; free text and identifiers are
    strings or None. The sheet's codings, missing codes and valid ranges have been applied; its exclusions have not.
    """

    card: DataCard
    frame: pd.DataFrame
