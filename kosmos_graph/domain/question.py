"""What was asked, and the options that were in force when it was."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kosmos_graph.domain.value import Value


class Options(Value):
    """A run's options. `alpha` is the family-wise error rate; confidence intervals have level 1 − alpha.

    `hypotheses` bounds how many a model may propose in a cycle (a question that settles its own hypotheses, such as "what
    affects Y?", is not cut); `parallel` bounds the studies in flight. `code` says when a model may write the experiment itself:
    never, where no method of the catalogue fits, or wherever it chooses to.
    """

    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    hypotheses: int = Field(default=3, ge=1, le=20)
    cycles: int = Field(default=1, ge=1, le=10)
    seed: int = Field(default=0, ge=0, lt=2**32)
    parallel: int = Field(default=64, ge=1, le=1000)
    code: Literal["never", "needed", "offered"] = "needed"

    @property
    def level(self) -> float:
        """Confidence level of every interval."""
        return 1 - self.alpha


class Question(Value):
    """The user's question, word for word."""

    text: str
