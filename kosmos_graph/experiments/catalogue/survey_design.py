"""Design-based errors of a survey: weights, strata and primary sampling units, by Taylor linearisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import Measure
from kosmos_graph.experiments.design_matrix import FloatArray, numeric_values
from kosmos_graph.experiments.method import NotApplicable, Sample

Rows = npt.NDArray[np.bool_]

FEW_UNITS = 20
FEW_UNITS_IN_LEVEL = 10
"""Units that have a level below which its effect has degrees of freedom of its own."""
HEAVY = 10.0


@dataclass(frozen=True)
class SurveyDesign:
    """How rows were drawn: `weights` (with mean 1), each row's primary sampling unit and each unit's stratum, by number.

    A unit is a value of the cluster within its stratum; without clusters each row is one.
    """

    weights: FloatArray
    unit: npt.NDArray[np.int64]
    stratum: npt.NDArray[np.int64]

    @property
    def n_units(self) -> int:
        """Number of primary sampling units."""
        return int(self.stratum.size)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Units of each stratum."""
        return np.bincount(self.stratum)

    @property
    def lonely(self) -> int:
        """Strata with a single unit."""
        return int(np.count_nonzero(self.sizes == 1))

    @property
    def df(self) -> float:
        """Units less strata."""
        return float(self.n_units - self.sizes.size)

    def covariance(self, scores: FloatArray) -> FloatArray:
        """Covariance of the totals of `scores` (rows × q), as if units had been drawn with replacement within strata.

        A stratum with a single unit counts by that unit's distance from the mean of all units.
        """
        totals = np.zeros((self.n_units, scores.shape[1]))
        np.add.at(totals, self.unit, scores)
        sizes = self.sizes.astype(np.float64)
        sums = np.zeros((sizes.size, scores.shape[1]))
        np.add.at(sums, self.stratum, totals)
        alone = sizes == 1
        centres = np.where(alone[:, np.newaxis], totals.mean(axis=0), sums / sizes[:, np.newaxis])
        factors = np.where(alone, 1.0, sizes / np.maximum(sizes - 1, 1.0))
        deviations = (totals - centres[self.stratum]) * np.sqrt(factors[self.stratum])[:, np.newaxis]
        return np.asarray(deviations.T @ deviations, dtype=np.float64)

    def units_of(self, rows: Rows) -> int:
        """Sampling units that have some of these rows, with weight."""
        return int(np.unique(self.unit[rows & (self.weights > 0)]).size)

    def satterthwaite_df(self, columns: FloatArray, solver: FloatArray, own: FloatArray) -> float:
        """Degrees of freedom of the linearised error of `own` (n), a combination of the outcomes, under rows of equal spread.

        tr(P)²/tr(P²) for the covariance P of the centred totals that `covariance` squares (Bell and McCaffrey 2002, Survey
        Methodology 28:169). `columns` (n × k) are the model's, `solver` (k × n) maps outcomes to its coefficients. Single units of
        strata are taken from 0, not from the mean of all.
        """
        sums = np.zeros((self.n_units, 2 * len(solver) + 1))
        np.add.at(sums, self.unit, np.column_stack([own[:, np.newaxis] * np.hstack([columns, solver.T]), own**2]))
        parts, squares = sums[:, :-1], sums[:, -1]
        sizes = self.sizes.astype(np.float64)
        alone = sizes == 1
        shares, factors = np.where(alone, 0.0, 1 / sizes), np.where(alone, 1.0, sizes / np.maximum(sizes - 1, 1.0))

        def centred(values: FloatArray) -> FloatArray:
            totals = np.zeros((sizes.size, values.shape[1]))
            np.add.at(totals, self.stratum, values)
            return np.asarray(values - (totals * shares[:, np.newaxis])[self.stratum], dtype=np.float64)

        scale = np.sqrt(factors)[self.stratum][:, np.newaxis]
        low = centred(parts) * scale
        k = len(solver)
        kernel = np.block([[solver @ solver.T, -np.eye(k)], [-np.eye(k), np.zeros((k, k))]])
        moved = centred(low * scale)
        crossed, inner = moved.T @ (squares[:, np.newaxis] * moved), kernel @ (low.T @ low)
        of_stratum = np.bincount(self.stratum, squares, sizes.size)
        diagonal = np.sum((factors[self.stratum] * squares) ** 2 * (1 - 2 * shares[self.stratum]))
        diagonal += np.sum((factors * shares * of_stratum) ** 2)
        trace = float(np.sum(squares) + np.trace(inner))
        return trace**2 / float(diagonal + 2 * np.trace(kernel @ crossed) + np.sum(inner * inner.T))


def survey_design(sample: Sample, design: Design) -> SurveyDesign:
    """The design of a sample. Raises NotApplicable for weights that are negative or all 0, and for no more units than strata."""
    target = design.target
    if target.weight is None:
        raise NotApplicable("A survey needs a column of weights, and none is named.")
    if len(sample.frame) < 2:
        raise NotApplicable(f"Complete rows left after exclusions: {len(sample.frame)}; an estimate needs at least 2.")
    weights = numeric_values(sample.frame, target.weight)
    if np.any(weights < 0):
        raise NotApplicable(
            f"{int(np.count_nonzero(weights < 0))} weights in {target.weight} are negative, so they count no units."
        )
    if not weights.sum() > 0:
        raise NotApplicable(f"All weights in {target.weight} are 0, so no row stands for anything.")
    rows = np.arange(len(sample.frame))
    strata = rows * 0 if target.stratum is None else codes(sample.frame[target.stratum])
    clusters = rows if target.cluster is None else codes(sample.frame[target.cluster])
    pairs, unit = np.unique(np.column_stack([strata, clusters]), axis=0, return_inverse=True)
    found = SurveyDesign(weights / weights.mean(), np.asarray(unit).ravel().astype(np.int64), pairs[:, 0].astype(np.int64))
    if found.df < 1:
        raise NotApplicable(
            f"{found.n_units} primary sampling units in {found.sizes.size} strata leave nothing to judge the error by; name "
            "coarser strata or smaller clusters."
        )
    return found


def codes(series: pd.Series) -> npt.NDArray[np.int64]:
    """A number for each value."""
    return np.asarray(pd.factorize(series.astype(object), sort=False)[0], dtype=np.int64)


def survey_measures(found: SurveyDesign, effect: float | None) -> tuple[Measure, ...]:
    """Units, strata, and what weights and clusters cost; `effect` is the design effect."""
    weights = found.weights
    named = [
        ("primary sampling units", float(found.n_units), "what was drawn independently within strata"),
        ("strata", float(found.sizes.size), "parts of the population that were drawn from separately"),
        (
            "strata with a single unit",
            float(found.lonely),
            "their unit's distance from the mean of all units stands for their error",
        ),
        (
            "effective rows by weights",
            float(weights.sum() ** 2 / (weights @ weights)),
            "Kish: what rows of unequal weight are worth",
        ),
        ("largest weight over mean weight", float(weights.max()), "large where single rows stand for very many"),
    ]
    if effect is not None:
        named.append(("design effect", effect, "variance over that of as many rows drawn simply at random"))
    return tuple(Measure(name=name, value=value, meaning=meaning) for name, value, meaning in named)


def survey_caveats(found: SurveyDesign, design: Design) -> tuple[str, ...]:
    """What the errors take for granted."""
    said = ["The errors take units as drawn with replacement within strata; a finite population makes the truth a little surer."]
    if found.lonely:
        said.append(f"{found.lonely} strata have a single primary sampling unit, which is held against the mean of all units.")
    if found.df < FEW_UNITS:
        said.append(f"There are {found.df:.0f} degrees of freedom (units less strata), so the interval is only approximate.")
    if found.weights.max() > HEAVY:
        said.append("A single row has more than ten times the mean weight, so the result leans on few rows.")
    if design.target.filters or design.target.levels is not None:
        said.append("Rows outside the selection are left out of the design as well, which matters where whole units are left out.")
    return tuple(said)
