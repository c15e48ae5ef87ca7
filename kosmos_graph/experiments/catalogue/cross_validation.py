"""Folds that keep rows together that belong together, models fitted within them, and what the folds say of new rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.method import NotApplicable

Indices = npt.NDArray[np.int64]

FOLDS = 5
REPEATS = 5
BLOCKS = 10
"""Blocks of a series that are foretold one after the other, each from all rows before it."""
FIRST = 1 / 3
"""Share of a series from which the first block is foretold."""
TREES = 60
LEAST_IN_LEAF = 5
MOST_IN_TREE = 5000
"""Rows that a tree is grown from; of more, as many are drawn."""
PENALTIES = np.logspace(-2, 4, 13)


@dataclass(frozen=True)
class Fold:
    """Row numbers that are learnt from and row numbers that are foretold."""

    train: Indices
    test: Indices


def repeated_folds(units: Indices, seed: int) -> tuple[Fold, ...]:
    """Five times five folds of whole units; `units` is each row's, its own number where rows are independent.

    With fewer than five units, as many folds as there are.
    """
    count = int(units.max()) + 1
    folds = min(FOLDS, count)
    if folds < 2:
        raise NotApplicable("All rows hang together in one cluster, so none is new to another.")
    generator, found = np.random.default_rng(seed), []
    for _ in range(REPEATS):
        place = np.empty(count, dtype=np.int64)
        place[generator.permutation(count)] = np.arange(count) % folds
        for fold in range(folds):
            left_out = place[units] == fold
            found.append(Fold(np.flatnonzero(~left_out), np.flatnonzero(left_out)))
    return tuple(found)


def ordered_folds(times: pd.Series) -> tuple[Fold, ...]:
    """Blocks in the order of time, each foretold from all rows that are earlier; rows of one time stay together."""
    order = np.argsort(times.to_numpy(), kind="stable")
    _, moment = np.unique(times.to_numpy()[order], return_inverse=True)
    n = order.size
    starts = np.unique([np.searchsorted(moment, moment[int(cut)]) for cut in np.linspace(n * FIRST, n, BLOCKS + 1)[:-1]])
    starts = starts[starts > 0]
    if starts.size < FOLDS:
        raise NotApplicable(f"The rows have too few points in time to be foretold in {FOLDS} steps or more.")
    ends = np.append(starts[1:], n)
    return tuple(Fold(order[:start], order[start:end]) for start, end in zip(starts, ends, strict=True))


def encoded(frame: pd.DataFrame, columns: Sequence[str], fold: Fold) -> tuple[FloatArray, FloatArray]:
    """Predictors of the learnt and of the foretold rows: numbers in standard deviations, and a 0/1 column for each level.

    Means, standard deviations and levels are those of the rows that are learnt from.
    """
    parts: list[tuple[FloatArray, FloatArray]] = []
    for column in columns:
        series = frame[column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            values = series.astype(object).to_numpy()
            train, test = values[fold.train], values[fold.test]
            levels = [str(one) for one in series.cat.categories if (train == one).any()]
            parts.extend(((train == level).astype(np.float64), (test == level).astype(np.float64)) for level in levels)
        else:
            numbers = series.to_numpy(dtype=np.float64)
            train, test = numbers[fold.train], numbers[fold.test]
            centre, scale = float(train.mean()), float(train.std())
            scale = scale if scale > 0 else 1.0
            parts.append(((train - centre) / scale, (test - centre) / scale))
    learnt, foretold = zip(*parts, strict=True)
    return np.column_stack(learnt), np.column_stack(foretold)


def foretell(
    frame: pd.DataFrame, columns: Sequence[str], outcome: FloatArray, fold: Fold, *, counted: bool, seed: int
) -> tuple[FloatArray, FloatArray]:
    """What a penalised linear model and a random forest, learnt from the fold's other rows, say of its rows.

    Numbers, or with `counted` the probability that the outcome is 1.
    """
    train, test = encoded(frame, columns, fold)
    known = outcome[fold.train]
    if np.ptp(known) == 0:
        constant = np.full(fold.test.size, float(known[0]))
        return constant, constant
    return (classified if counted else regressed)(train, known, test, seed)


def regressed(train: FloatArray, known: FloatArray, test: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Ridge regression, whose penalty is chosen by generalised cross-validation among the learnt rows, and a forest."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import RidgeCV

    centre, scale = float(known.mean()), float(known.std())
    target = (known - centre) / scale
    linear = RidgeCV(alphas=PENALTIES).fit(train, target).predict(test)
    forest = RandomForestRegressor(
        n_estimators=TREES,
        min_samples_leaf=LEAST_IN_LEAF,
        max_features=1 / 3 if train.shape[1] > 2 else 1.0,
        max_samples=min(known.size, MOST_IN_TREE),
        random_state=seed,
        n_jobs=1,
    ).fit(train, target)
    return np.asarray(centre + scale * linear), np.asarray(centre + scale * forest.predict(test))


def classified(train: FloatArray, known: FloatArray, test: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Probabilities of a logistic regression with a ridge penalty, and of a forest."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    target = known.astype(np.int64)
    linear = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10).fit(train, target).predict_proba(test)[:, 1]
    forest = RandomForestClassifier(
        n_estimators=TREES,
        min_samples_leaf=LEAST_IN_LEAF,
        max_features="sqrt",
        max_samples=min(known.size, MOST_IN_TREE),
        random_state=seed,
        n_jobs=1,
    ).fit(train, target)
    return np.asarray(linear, dtype=np.float64), np.asarray(forest.predict_proba(test)[:, 1], dtype=np.float64)


@dataclass(frozen=True)
class Skill:
    """1 − squared error of the model over that of the baseline, in rows that were not learnt from, with its standard error."""

    value: float
    error: float
    df: float


def skill(model: FloatArray, baseline: FloatArray, ratio: float) -> Skill:
    """The skill from sums of squared errors by fold; `ratio` is the mean number of rows foretold per row learnt from.

    The folds share most of the rows that are learnt from, so the variance of their mean is (1/J + ratio)·s² instead of s²/J
    (Nadeau and Bengio 2003, Machine Learning 52:239), here of the terms of the linearised ratio of both sums.
    """
    count, total = model.size, float(baseline.sum())
    value = 1 - float(model.sum()) / total
    terms = count * (baseline * (1 - value) - model) / total
    variance = (1 / count + ratio) * float(np.var(terms, ddof=1))
    return Skill(value, math.sqrt(variance), float(count - 1))
