"""Puts the two rows of each pair together, and counts the pairs that cannot be made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.data_card import ColumnCard
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.results import Exclusion
from kosmos_graph.experiments.contrast import contrast
from kosmos_graph.experiments.losses import KEPT, Losses
from kosmos_graph.experiments.method import NotApplicable

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Paired:
    """Row numbers of each pair's measurement under level A (`first`) and B (`second`), pairs in the order of the file."""

    first: Indices
    second: Indices
    n_read: int
    exclusions: tuple[Exclusion, ...]


def pair_rows(frame: pd.DataFrame, target: Target, card: ColumnCard | None, losses: Losses) -> Paired:
    """Pairs among the rows kept. A pair that cannot be made counts once: under the first reason for which a row of it was left
    out, else as unpaired; a row without an id is a pair of its own.

    Raises NotApplicable where there are not two levels, or a unit has two rows at one level.
    """
    predictor, pair = target.predictors[0], str(target.pair)
    a, b = _levels(frame[predictor][losses.kept], target, card)
    rows = pd.DataFrame(
        {
            "unit": _units(frame[pair]),
            "level": frame[predictor].astype(object).to_numpy(),
            "cause": losses.cause,
            "row": np.arange(len(frame)),
        }
    )
    kept = rows[rows["cause"] == KEPT]
    _require_one_row_a_level(kept, pair)
    places = [kept[kept["level"] == level].set_index("unit")["row"] for level in (a, b)]
    made = places[0].index.intersection(places[1].index).sort_values()
    first, second = (place.loc[made].to_numpy(dtype=np.int64) for place in places)
    lost = rows[~rows["unit"].isin(made)]
    return Paired(first, second, int(rows["unit"].nunique()), _exclusions(lost, (a, b), pair, losses))


def _levels(by: pd.Series, target: Target, card: ColumnCard | None) -> tuple[str, str]:
    present = [str(level) for level in by.cat.remove_unused_categories().cat.categories]
    if target.levels is None and len(present) != 2:
        raise NotApplicable(
            f"Pairs have two measurements, but {len(present)} levels of the column that tells them apart have rows."
        )
    return contrast(target, present, card)


def _units(ids: pd.Series) -> Indices:
    """A number per unit in the order of the file; each row without an id gets one of its own."""
    codes = pd.factorize(ids)[0].astype(np.int64)
    nameless = codes < 0
    codes[nameless] = codes.max(initial=-1) + 1 + np.arange(int(nameless.sum()))
    return codes


def _require_one_row_a_level(kept: pd.DataFrame, pair: str) -> None:
    repeated = kept[kept.duplicated(["unit", "level"])]["unit"].nunique()
    if repeated:
        raise NotApplicable(
            f"{repeated} of {kept['unit'].nunique()} units in {pair!r} have more than one row at a level, so it is not clear which "
            "rows make a pair; filter the rows or average them first."
        )


def _exclusions(lost: pd.DataFrame, levels: tuple[str, str], pair: str, losses: Losses) -> tuple[Exclusion, ...]:
    """The reason of each unit that is no pair.

    A row left out at one of the two levels, or with no level, explains the loss; else a unit with a row kept is unpaired; else
    it had no row in the groups compared.
    """
    unpaired = len(losses.causes)
    losses.causes.append(("unpaired", pair))
    lone = lost[lost["cause"] == KEPT]
    other = np.where(lone["level"] == levels[0], levels[1], levels[0])
    relevant = lost[(lost["cause"] != KEPT) & (lost["level"].isin(levels) | lost["level"].isna())]
    other_levels = lost[lost["cause"] != KEPT]
    reasons = pd.concat(
        [
            relevant.assign(rank=0, group=relevant["level"]),
            lone.assign(rank=1, cause=unpaired, group=other),
            other_levels.assign(rank=2, group=None),
        ]
    )
    first = reasons.sort_values(["rank", "cause", "row"], kind="stable").drop_duplicates("unit")
    group = np.array([name if isinstance(name, str) else None for name in first["group"]], dtype=np.object_)
    return losses.exclusions(first["cause"].to_numpy(dtype=np.int64), group)
