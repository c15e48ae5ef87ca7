"""What the user states about the study behind the data (`--about`). A statement beats inference and model."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.expressions import DerivedColumn
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.value import Value

StudyDesign = Literal["randomised", "observational", "before-after", "paired", "cluster", "time series", "survey"]
Role = Literal["pre-treatment", "confounder", "mediator", "collider"]
Source = Literal["user", "literature", "model"]


class SmallestEffect(Value):
    """δ, the smallest effect that matters, in units of the outcome (a difference of proportions for binary outcomes)."""

    value: float
    source: Source


class Covariate(Value):
    """A column that is neither outcome nor predictor, and its causal role as the user declares it."""

    column: str
    role: Role


class ColumnStatement(Value):
    """One entry of the user's data dictionary. `coding` maps raw codes to labels; `order` lists levels from low to high."""

    column: str
    kind: Kind | None = None
    label: str | None = None
    unit: str | None = None
    coding: tuple[tuple[str, str], ...] = ()
    order: tuple[str, ...] = ()
    reference: str | None = None
    positive: str | None = None
    valid_low: float | None = None
    valid_high: float | None = None
    missing_codes: tuple[str, ...] = ()


class StatedHypothesis(Value):
    """A hypothesis of the user's own. `direction` is the sign of the effect: A minus B, or the slope."""

    statement: str
    outcome: str | None = None
    predictors: tuple[str, ...] = ()
    direction: Literal["positive", "negative"] | None = None


class StudySheet(Value):
    """The study as declared. `declared` names the fields that the user gave; all others are assumptions that a report lists.

    `treatment` is the column that was assigned (randomised designs) or whose before and after are compared. `duration` is how
    long each row was followed, `event` whether what was waited for had happened by then (its positive level says so; other rows
    are censored). `exposure` is the time, area or number that counts are counts per. Rows that satisfy
    any of `exclusions` are left out. `sha256` is the digest of the canonical JSON of the sheet's content, so that comments and
    spacing do not change it; None when no sheet was given.
    """

    design: StudyDesign = "observational"
    unit: str | None = None
    treatment: str | None = None
    id: str | None = None
    pair: str | None = None
    cluster: str | None = None
    stratum: str | None = None
    time: str | None = None
    weight: str | None = None
    duration: str | None = None
    event: str | None = None
    exposure: str | None = None
    hypotheses: tuple[StatedHypothesis, ...] = ()
    primary_outcome: str | None = None
    smallest_effect: SmallestEffect | None = None
    covariates: tuple[Covariate, ...] = ()
    derived: tuple[DerivedColumn, ...] = ()
    dictionary: tuple[ColumnStatement, ...] = ()
    exclusions: tuple[Filter, ...] = ()
    missing: Literal["complete cases"] = "complete cases"
    outliers: Literal["keep"] = "keep"
    declared: tuple[str, ...] = ()
    sha256: str | None = None

    def statement(self, column: str) -> ColumnStatement | None:
        """The dictionary's entry for `column`, or None."""
        return next((entry for entry in self.dictionary if entry.column == column), None)

    def covariates_with(self, *roles: Role) -> tuple[str, ...]:
        """Columns declared with one of `roles`, in the sheet's order."""
        return tuple(covariate.column for covariate in self.covariates if covariate.role in roles)
