"""Draws the sample that a design analyses out of a data set, and counts what it leaves out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.filters import mask
from kosmos_graph.data.number_text import number_label
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.losses import Losses
from kosmos_graph.experiments.method import BASELINE, NotApplicable, Sample
from kosmos_graph.experiments.pairing import pair_rows

Rows = npt.NDArray[np.bool_]
Names = npt.NDArray[np.object_]


def draw_sample(dataset: Dataset, design: Design, sheet: StudySheet) -> Sample:
    """Rows that satisfy an exclusion of the sheet are left out, then those that fail a filter, are not in the groups compared,
    or miss a value of the design's columns.

    n_read − Σ exclusions = rows of the sample; for pairs in long format all three count pairs, and a row without a pair's id is
    a pair of its own. Raises NotApplicable where a column does not exist or pairs cannot be made.
    """
    frame, target = dataset.frame, design.target
    columns = columns_of(design)
    _require_columns(frame, (*columns, *(condition.column for condition in target.filters)))
    losses = Losses(len(frame))
    for condition in _exclusions_of(sheet, frame):
        losses.add(_satisfies(frame, condition), "excluded by the study sheet", condition.column)
    for condition in target.filters:
        losses.add(~_satisfies(frame, condition), "filter", condition.column)
    frame = _with_moments(frame, target)
    _leave_out_other_levels(frame, target, losses)
    for column in columns:
        losses.add(missing(frame[column]), "missing", column)
    repeated = get_method(design.method).needs.sampling == "repeated"
    if repeated:
        _leave_out_incomplete_units(frame, target, losses)
    elif target.pair is not None and target.baseline is None:
        return _paired_sample(Dataset(dataset.card, frame), target, losses)
    lost = ~losses.kept
    exclusions = losses.exclusions(losses.cause[lost], _groups(frame, target)[lost])
    return Sample(_analysed(frame, design, columns, losses.kept), dataset.card, len(frame), exclusions)


def columns_of(design: Design) -> tuple[str, ...]:
    """Every column that the design analyses, without repeats."""
    return tuple(dict.fromkeys((*design.target.columns, *design.covariates)))


def _exclusions_of(sheet: StudySheet, frame: pd.DataFrame) -> tuple[Filter, ...]:
    """The sheet's exclusions about this data set; a sheet speaks of all files of a run."""
    return tuple(condition for condition in sheet.exclusions if condition.column in frame.columns)


def missing(series: pd.Series) -> Rows:
    """Cells without a value; a number that is not finite is none."""
    if pd.api.types.is_float_dtype(series.dtype):
        return np.asarray(~np.isfinite(series.to_numpy(dtype=np.float64)), dtype=np.bool_)
    return series.isna().to_numpy(dtype=np.bool_)


def _satisfies(frame: pd.DataFrame, condition: Filter) -> Rows:
    return np.asarray(mask(frame, condition), dtype=np.bool_)


def _require_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in frame.columns:
            raise NotApplicable(f"The data have no column called {column!r}.")


def _with_moments(frame: pd.DataFrame, target: Target) -> pd.DataFrame:
    """The two values of a column of numbers that tell the measurements of a pair apart, as levels: a year, a visit's number."""
    if target.pair is None or target.levels is None or not target.predictors:
        return frame
    by = frame[target.predictors[0]]
    if not pd.api.types.is_float_dtype(by.dtype):
        return frame
    names = [number_label(value) if np.isfinite(value) else None for value in by]
    categories = list(dict.fromkeys((*target.levels, *sorted({name for name in names if name is not None}))))
    return frame.assign(**{target.predictors[0]: pd.Categorical(names, categories=categories)})


def _leave_out_other_levels(frame: pd.DataFrame, target: Target, losses: Losses) -> None:
    if target.levels is None or not target.predictors:
        return
    by = frame[target.predictors[0]]
    if not isinstance(by.dtype, pd.CategoricalDtype) or target.levels[0] == target.levels[1]:
        raise NotApplicable("The design compares two levels, but its first predictor does not have both of them.")
    losses.add((~by.isin(target.levels) & by.notna()).to_numpy(dtype=np.bool_), "not in the groups compared", target.predictors[0])


def _leave_out_incomplete_units(frame: pd.DataFrame, target: Target, losses: Losses) -> None:
    """Every unit that is analysed has one row at each level of the first predictor that any row has."""
    unit, level = str(target.pair), target.predictors[0]
    kept = frame.loc[losses.kept, [unit, level]]
    repeated = int(kept[kept.duplicated()][unit].nunique())
    if repeated:
        raise NotApplicable(
            f"{repeated} of {kept[unit].nunique()} units in {unit!r} have more than one row at a level of {level!r}; filter the "
            "rows or average them first."
        )
    levels = kept.groupby(unit, observed=True)[level].nunique()
    complete = levels.index[levels == kept[level].nunique()]
    losses.add((~frame[unit].isin(complete)).to_numpy(dtype=np.bool_), "unpaired", unit)


def _groups(frame: pd.DataFrame, target: Target) -> Names:
    """Per row the level of the first predictor where that is one of the groups compared, else None."""
    names: Names = np.full(len(frame), None, dtype=np.object_)
    if not target.predictors:
        return names
    by = frame[target.predictors[0]]
    if not isinstance(by.dtype, pd.CategoricalDtype):
        return names
    known = by.notna() if target.levels is None else by.isin(target.levels)
    names[known.to_numpy(dtype=np.bool_)] = by[known].astype(str).to_numpy(dtype=np.object_)
    return names


def _analysed(frame: pd.DataFrame, design: Design, columns: tuple[str, ...], kept: Rows) -> pd.DataFrame:
    target = design.target
    sample = frame.loc[kept, list(columns)].reset_index(drop=True)
    for column in (*target.predictors, *design.covariates):
        if isinstance(sample[column].dtype, pd.CategoricalDtype):
            sample[column] = sample[column].cat.remove_unused_categories()
    if target.levels is not None and target.predictors:
        first = target.predictors[0]
        present = [level for level in target.levels if level in sample[first].cat.categories]
        sample[first] = sample[first].cat.set_categories(present)
    if target.baseline is not None:
        sample[BASELINE] = sample[target.baseline]
    return sample


def _paired_sample(dataset: Dataset, target: Target, losses: Losses) -> Sample:
    """One row per pair, with the outcome under level A and, as BASELINE, under level B."""
    if not target.predictors or target.pair is None:
        raise NotApplicable("Pairs in rows need a column whose two levels say which measurement a row is.")
    by = dataset.frame[target.predictors[0]]
    if not isinstance(by.dtype, pd.CategoricalDtype):
        raise NotApplicable("Pairs in rows need a categorical column that says which measurement a row is.")
    paired = pair_rows(dataset.frame, target, dataset.card.column(target.predictors[0]), losses)
    pairs = pd.DataFrame({target.pair: dataset.frame[target.pair].to_numpy()[paired.first]})
    for name, rows in ((target.outcome, paired.first), (BASELINE, paired.second)):
        pairs[name] = dataset.frame[target.outcome].iloc[rows].reset_index(drop=True)
    return Sample(pairs, dataset.card, paired.n_read, paired.exclusions)
