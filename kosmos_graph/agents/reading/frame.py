"""What a question asks, before the kinds of its columns settle the task; and what a reading is in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kosmos_graph.domain.design import Alternative
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Direction, Expectation, Quantity, Target, Task
from kosmos_graph.domain.study_sheet import SmallestEffect

Ask = Literal["relate", "affect", "interact", "predict", "trend", "step", "estimate", "against", "paired"]


@dataclass(frozen=True)
class Frame:
    """The roles that a question gives its columns. Fields as in Target; `mutual` where outcome and predictor may change places.

    `ask` is `affect` for an open question for predictors (`predictors` empty: all columns) or a list of them.
    """

    ask: Ask
    outcomes: tuple[str, ...] = ()
    predictors: tuple[str, ...] = ()
    levels: tuple[str, str] | None = None
    direction: Direction | None = None
    success: str | None = None
    baseline: str | None = None
    reference: float | None = None
    quantity: Quantity | None = None
    quantile: float | None = None
    time: str | None = None
    change_at: str | None = None
    mutual: bool = False
    equal: bool = False
    causal: bool = False
    filters: tuple[Filter, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unread:
    """Why a question could not be settled: a sentence, and the columns that were considered."""

    reason: str
    considered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One hypothesis that a question settles. `covariates` are adjusted for and not tested."""

    task: Task
    expects: Expectation
    direction: Direction | None
    target: Target
    covariates: tuple[str, ...] = ()
    causal: bool = False


@dataclass(frozen=True)
class Reading:
    """A question as read: its claims, or `undecided`, the sentence that says what could not be settled, and `considered` columns.

    `alternative` is two-sided unless the question asks for a one-sided test; `delta` is a smallest effect that the question
    states; `method` a method of the catalogue that it names; `notes` say what was chosen where the question left it open.
    """

    claims: tuple[Claim, ...] = ()
    alternative: Alternative = "two-sided"
    delta: SmallestEffect | None = None
    method: str | None = None
    notes: tuple[str, ...] = ()
    undecided: str | None = None
    considered: tuple[str, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether there is anything to test or estimate."""
        return bool(self.claims)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Targets of the claims, in order."""
        return tuple(claim.target for claim in self.claims)

    @property
    def task(self) -> Task | None:
        """Task of the first claim."""
        return self.claims[0].task if self.claims else None

    @property
    def expects(self) -> Expectation | None:
        """Expectation of the first claim."""
        return self.claims[0].expects if self.claims else None

    @property
    def direction(self) -> Direction | None:
        """Direction of the first claim."""
        return self.claims[0].direction if self.claims else None

    @property
    def covariates(self) -> tuple[str, ...]:
        """Covariates of the first claim."""
        return self.claims[0].covariates if self.claims else ()

    def claim_on(self, target: Target) -> Claim | None:
        """The claim about `target`, or None."""
        return next((claim for claim in self.claims if claim.target == target), None)
