"""The shapes of a model's replies: closed sets made for each ask, and short sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Annotated, Any, Generic, ParamSpec, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from kosmos_graph.claims.check import check_words

SENTENCE_LENGTH = 300
NONE = "(none)"

Text = Annotated[str, Field(min_length=1, max_length=SENTENCE_LENGTH)]


R = TypeVar("R", bound="Reply")
P = ParamSpec("P")
T = TypeVar("T")


class Reply(BaseModel):
    """Base of all replies: every field is required, and no other is allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def once(make: Callable[P, T]) -> Callable[P, T]:
    """The class that was made for equal choices before: to make one costs milliseconds, which parallel studies wait for."""
    made: Any = lru_cache(maxsize=256)(make)

    @wraps(make)
    def remembered(*choices: P.args, **more: P.kwargs) -> T:
        plain: list[Any] = [tuple(choice) if isinstance(choice, list) else choice for choice in choices]
        found: T = made(*plain, **more)  # a list cannot be looked up
        return found

    return remembered


class ConfirmationReply(Reply):
    """Whether what rules read in the question answers it, and why it is worth testing."""

    answers_question: str
    rationale: str


class DataReply(Reply):
    """Which data set answers the question."""

    data_set: str


class PairReply(Reply):
    """An outcome and what it is to be compared by or related to."""

    outcome: str
    predictor: str


class PlanReply(Reply):
    """Pairs that answer the question, and whether the columns can answer it at all; in the order that `plan_reply` gives them."""

    if TYPE_CHECKING:
        pairs: tuple[PairReply, ...]
        answerable: str


class HypothesisReply(Reply):
    """What is asked about a pair of columns, and what is expected of it."""

    task: str
    contrast: str
    expected: str
    rationale: str


class CovariatesReply(Reply):
    """Columns to adjust for."""

    adjust_for: tuple[str, ...]


class MethodReply(Reply):
    """One of the methods offered."""

    method: str


class WordsReply(Reply):
    """A design in words. What is executed and what would refute the hypothesis are not among them: code settles both."""

    objective: str
    confounders: tuple[str, ...]
    caution: str


class AnalysisReply(Reply):
    """Which of the sentences that a result allows are to be said, and sentences of the model's own, by section."""

    say: tuple[str, ...]
    interpretation: Annotated[tuple[Text, ...], Field(max_length=2)]
    confounders: Annotated[tuple[Text, ...], Field(max_length=2)]
    anomalies: Annotated[tuple[Text, ...], Field(max_length=2)]
    follow_ups: Annotated[tuple[Text, ...], Field(max_length=2)]


class SynthesisReply(Reply):
    """The same across results."""

    say: tuple[str, ...]
    patterns: Annotated[tuple[Text, ...], Field(max_length=2)]
    conflicts: Annotated[tuple[Text, ...], Field(max_length=2)]


@once
def confirmation_reply() -> type[ConfirmationReply]:
    """Yes or no, and a sentence of rationale."""
    answer = one_of(("yes", "no"))
    return create_model("ConfirmationReply", __base__=ConfirmationReply, answers_question=(answer, ...), rationale=(Text, ...))


@once
def data_reply(data_sets: Sequence[str]) -> type[DataReply]:
    """One of the data sets, or none of them."""
    return create_model("DataReply", __base__=DataReply, data_set=(one_of([*data_sets, NONE]), ...))


@once
def plan_reply(outcomes: Sequence[str], predictors: Sequence[str], most: int, *, doubtful: bool) -> type[PlanReply]:
    """Up to `most` pairs; a predictor may be none, where the question is about one column.

    Whether the columns can answer is asked last, when it follows from the pairs, or first where it is `doubtful`: a small model
    that has begun to list pairs does not take them back.
    """
    pair = create_model(
        "PairReply", __base__=PairReply, outcome=(one_of(outcomes), ...), predictor=(one_of([NONE, *predictors]), ...)
    )
    pairs: Any = Annotated[tuple[pair, ...], Field(max_length=most)]
    fields: dict[str, Any] = {"pairs": (pairs, ...), "answerable": (one_of(("yes", "no")), ...)}
    order = reversed(fields) if doubtful else iter(fields)
    return create_model("PlanReply", __base__=PlanReply, **{name: fields[name] for name in order})


@once
def hypothesis_reply(tasks: Sequence[str], contrasts: Sequence[str], expected: Sequence[str]) -> type[HypothesisReply]:
    """One of each, and a sentence of rationale."""
    return create_model(
        "HypothesisReply",
        __base__=HypothesisReply,
        task=(one_of(tasks), ...),
        contrast=(one_of(contrasts), ...),
        expected=(one_of(expected), ...),
        rationale=(Text, ...),
    )


@once
def covariates_reply(columns: Sequence[str]) -> type[CovariatesReply]:
    """Any number of the columns."""
    return create_model("CovariatesReply", __base__=CovariatesReply, adjust_for=(some_of(columns), ...))


@once
def method_reply(methods: Sequence[str]) -> type[MethodReply]:
    """One of the methods."""
    return create_model("MethodReply", __base__=MethodReply, method=(one_of(methods), ...))


@once
def words_reply(columns: Sequence[str]) -> type[WordsReply]:
    """Sentences, and any number of the columns as confounders."""
    return create_model(
        "WordsReply",
        __base__=WordsReply,
        objective=(Text, ...),
        confounders=(some_of(columns), ...),
        caution=(Text, ...),
    )


@once
def analysis_reply(allowed: Sequence[str]) -> type[AnalysisReply]:
    """At least one of the allowed sentences, by name."""
    return create_model("AnalysisReply", __base__=AnalysisReply, say=(some_of(allowed, least=1), ...))


@once
def synthesis_reply(allowed: Sequence[str]) -> type[SynthesisReply]:
    """At least one of the allowed sentences, by name."""
    return create_model("SynthesisReply", __base__=SynthesisReply, say=(some_of(allowed, least=1), ...))


class WordsCheck(Generic[R]):
    """A check of free words that sends a reply back once. The choices of the first reply stand: a model that mends its words
    may change its mind with them, and words that stay unfit must not cost the choices beside them.
    """

    def __init__(self, names: Collection[str], *fields: str) -> None:
        self.names = names
        self.fields = fields
        self.first: R | None = None

    def __call__(self, reply: R) -> tuple[str, ...]:
        """Why the words of the first reply cannot stand, by field; nothing after it."""
        if self.first is not None:
            return ()
        self.first = reply
        return tuple(
            f"mend {field} and keep every other field: {reason.partition(':')[0]}"
            for field in self.fields
            for reason in check_words(getattr(reply, field), self.names)
        )

    def settled(self, last: R, otherwise: Mapping[str, str]) -> R:
        """The first reply, with what cannot stand of its words as mended in `last`, else as in `otherwise`, which is ours.

        Words that were mended beside other choices argue for those, and are not taken.
        """
        first = self.first or last
        chosen = set(type(last).model_fields) - set(self.fields)
        same = all(getattr(first, name) == getattr(last, name) for name in chosen)
        return first.model_copy(
            update={field: self._word(field, (first, last) if same else (first,), otherwise) for field in self.fields}
        )

    def _word(self, field: str, replies: Sequence[R], otherwise: Mapping[str, str]) -> str:
        written = (getattr(reply, field).strip() for reply in replies)
        return next((text for text in written if not check_words(text, self.names)), otherwise[field])


def one_of(names: Sequence[str]) -> Any:
    """The type of a string that is one of `names`, with an `enum` in its JSON schema."""
    offered = frozenset(names)

    def check(value: str) -> str:
        if value not in offered:
            raise ValueError("it is none of those offered")
        return value

    return Annotated[str, AfterValidator(check), Field(json_schema_extra={"enum": list(names)})]


def some_of(names: Sequence[str], least: int = 0) -> Any:
    """The type of a list of `least` of `names` and at most as many as there are. Without names only the empty list fits."""
    item: Any = one_of(names) if names else str
    return Annotated[tuple[item, ...], Field(min_length=min(least, len(names)), max_length=len(names))]
