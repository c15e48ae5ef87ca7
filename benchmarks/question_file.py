"""The form of a question file: one data set, and questions with the studies that would answer them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from benchmarks.datasets import Source
from kosmos_graph.domain.filters import Filter, Operator
from kosmos_graph.experiments.catalogue import CATALOGUE

FOLDER = Path(__file__).parent / "questions"

QuestionType = Literal[
    "two_groups",
    "several_groups",
    "before_after",
    "proportions",
    "two_numerics",
    "what_affects",
    "causal",
    "trend",
    "step",
    "how_much",
    "one_sample",
    "no_difference",
    "several_outcomes",
    "adjusted",
    "survival",
    "counts",
    "ordered",
    "clustered",
    "survey",
    "jointly",
    "unanswerable",
]
TYPES: tuple[str, ...] = get_args(QuestionType)

FAMILIES: dict[str, tuple[str, ...]] = {
    "two means": ("welch_t", "permutation_test", "bootstrap_interval", "linear_regression"),
    "two groups": ("welch_t", "permutation_test", "bootstrap_interval", "linear_regression", "mann_whitney"),
    "several groups": ("welch_anova", "kruskal_wallis"),
    "two by two": ("risk_difference", "boschloo_exact", "fisher_exact", "chi_square", "logistic_regression"),
    "table": ("chi_square", "fisher_exact"),
    "two numerics": ("linear_regression", "pearson", "spearman", "kendall", "partial_correlation"),
    "survival groups": ("log_rank", "cox_regression"),
    "counts": ("poisson_regression", "negative_binomial_regression"),
    "paired": ("paired_t", "wilcoxon_signed_rank", "sign_test"),
}
"""Methods that answer the same plain question on the same columns; a question file may name a family for them."""

Condition = tuple[str, Operator, float | str]


class Entry(BaseModel):
    """Base of what is read from a question file: a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


class ExpectedStudy(Entry):
    """A study that answers the question. Lists hold what is equally acceptable.

    `by` lists acceptable sets of predictors (a flat list is one set), `may` columns that may stand among them besides, `adjust`
    those that must be adjusted for. `levels` are the two groups compared, `higher` the group (or the column of a pair) that the
    question says has more, `slope` the sign that it says (of a slope, or against the reference). `where` restricts the rows;
    what counts is that the same rows are analysed, however the restriction is written. `also` (in the files: `or`) holds whole
    studies that would do as well.
    """

    outcome: list[str]
    by: list[list[str]]
    methods: list[str]
    may: list[str] = []
    adjust: list[str] = []
    levels: tuple[str, str] | None = None
    higher: str | None = None
    slope: list[Literal["positive", "negative", "none"]] | None = None
    success: str | None = None
    where: list[Condition] = []
    reference: float | None = None
    quantity: list[str] | None = None
    quantile: float | None = None
    baseline: list[str] | None = None
    pair: str | None = None
    time: str | None = None
    change_at: list[str] | None = None
    expects: Literal["effect", "no effect", "estimate"] | None = None
    also: list[ExpectedStudy] = Field(default=[], alias="or")

    @field_validator("outcome", "slope", "quantity", "baseline", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return _listed(value)

    @field_validator("by", mode="before")
    @classmethod
    def _sets(cls, value: object) -> object:
        flat = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return [value] if flat else value

    @field_validator("methods", mode="after")
    @classmethod
    def _methods(cls, value: list[str]) -> list[str]:
        named = [name for entry in value for name in FAMILIES.get(entry, (entry,))]
        unknown = sorted(set(named) - set(CATALOGUE))
        if unknown:
            raise ValueError(f"no such method or family: {', '.join(unknown)}")
        return named

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The restriction as the domain writes it."""
        return tuple(Filter(column=column, operator=operator, value=value) for column, operator, value in self.where)

    @property
    def columns(self) -> set[str]:
        """Every column the expectation names, alternatives included."""
        named = {*self.outcome, *self.may, *self.adjust, *(self.baseline or ())}
        named |= {name for columns in self.by for name in columns} | {column for column, _, _ in self.where}
        named |= {name for name in (self.pair, self.time) if name is not None}
        return named.union(*(other.columns for other in self.also))


class AskedQuestion(Entry):
    """One question. `expect` lists the studies that are all needed; `unanswerable` says why none is right.

    `undecided_is_right` says why declining is right too, beside `expect`.
    """

    ask: str
    type: QuestionType
    sheet: str | None = None
    expect: list[ExpectedStudy] = []
    unanswerable: str | None = None
    undecided_is_right: str | None = None

    @field_validator("expect", mode="before")
    @classmethod
    def _studies(cls, value: object) -> object:
        return _listed(value)

    @model_validator(mode="after")
    def _one_expectation(self) -> AskedQuestion:
        if bool(self.expect) == bool(self.unanswerable) or (self.type == "unanswerable") != bool(self.unanswerable):
            raise ValueError(f"{self.ask!r} needs either `expect` or, with the type unanswerable, `unanswerable`")
        return self


class QuestionFile(Entry):
    """The questions on one data set; `sheets` are study sheets by name, in the form that `--about` reads."""

    dataset: str
    title: str
    source: Source
    licence: str
    sheets: dict[str, dict[str, object]] = {}
    questions: list[AskedQuestion]


def read_question_files(folder: Path = FOLDER) -> tuple[QuestionFile, ...]:
    """All question files, sorted by file name. Raises pydantic's ValidationError for a file of another form."""
    return tuple(_read(path) for path in sorted(folder.glob("*.yaml")))


def _read(path: Path) -> QuestionFile:
    return QuestionFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
