"""The designer without a language model: the question read by rules, methods by applicability, words from templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.protocol_text import protocol_of
from kosmos_graph.agents.reading.frame import Claim, Reading
from kosmos_graph.agents.reading.moments import measurement_pairs
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.reading.stated import read_declared, read_stated
from kosmos_graph.agents.structure import structured
from kosmos_graph.agents.wording import statement_of
from kosmos_graph.domain.data_card import DataCard, Kind
from kosmos_graph.domain.design import Design, Protocol, Review
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan, Target
from kosmos_graph.domain.results import Execution
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import Choice, applicable_methods, delta_for, refusal, with_delta
from kosmos_graph.ids import generation_key, hypothesis_id

AUTHOR = "rules"
RATIONALES = {
    "compare": "The question compares groups, or a group with a stated value, in this outcome.",
    "change": "The question asks about a change within the same units.",
    "associate": "The question asks whether these two go together.",
    "affect": "The question asks what this column adds when the others are held constant.",
    "interact": "The question asks whether one column's effect depends on another.",
    "predict": "The question asks how well these columns foretell the outcome.",
    "trend": "The question asks how the outcome moves over time.",
    "step": "The question asks whether the outcome changed at a stated date.",
    "estimate": "The question asks how much, and not whether.",
}


@dataclass(frozen=True)
class Proposed:
    """A claim with its author."""

    claim: Claim
    author: str
    statement: str | None = None


class RulesDesigner:
    """A designer that never asks a model; equal material gives equal plans and designs."""

    author = AUTHOR

    async def plan_research(self, material: Material, cycle: int, earlier: tuple[Hypothesis, ...]) -> ResearchPlan:
        """Hypotheses that the study sheet states, then those that the question settles, without those studied before."""
        stated, notes = _stated(material)
        reading = _read(material)
        proposed = [*stated, *(Proposed(claim, AUTHOR) for claim in reading.claims)]
        known = [hypothesis.target for hypothesis in earlier]
        fresh = _without_repeats([one for one in proposed if one.claim.target not in known])
        admitted, refused = _admitted(fresh, material)
        hypotheses = tuple(_hypothesis(one, cycle, number, material) for number, one in enumerate(admitted, start=1))
        undecided = None if hypotheses or earlier else _why_not(reading, refused)
        return ResearchPlan(
            hypotheses=hypotheses, undecided=undecided, notes=(*notes, *reading.notes, *(refused if hypotheses else ()))
        )

    async def design_study(
        self, material: Material, hypothesis: Hypothesis, generation: int, reviews: tuple[Review, ...]
    ) -> Design:
        """The preferred admissible method; after each review that rejected one, the next."""
        plan = _Plan(material, hypothesis)
        choices = plan.choices()
        if not choices:
            return plan.design(generation, Choice(plan.fallback(), True, "nothing else answers this question"))
        return plan.design(generation, choices[min(len(reviews), len(choices) - 1)])

    async def repair_study(
        self, material: Material, hypothesis: Hypothesis, failed: tuple[tuple[Design, Execution], ...], generation: int
    ) -> Design | None:
        """The next admissible method that has not failed."""
        plan = _Plan(material, hypothesis)
        tried = {design.method for design, _ in failed}
        left = [choice for choice in plan.choices() if choice.method not in tried]
        return plan.design(generation, left[0]) if left else None


def _read(material: Material) -> Reading:
    reading = read_question(material.question.text, material.cards, material.sheet)
    if reading.decided:
        return reading
    return read_declared(material.question.text, material.cards, material.sheet) or reading


def _stated(material: Material) -> tuple[list[Proposed], tuple[str, ...]]:
    """The user's own hypotheses, and sentences on those that could not be settled."""
    proposed: list[Proposed] = []
    notes: list[str] = []
    for stated in material.sheet.hypotheses:
        reading = read_stated(stated, material.cards, material.sheet)
        own = stated.statement if len(reading.claims) == 1 else None
        proposed += [Proposed(claim, "user", own) for claim in reading.claims]
        notes += [*reading.notes, *((reading.undecided,) if reading.undecided else ())]
    return proposed, tuple(notes)


def _without_repeats(proposed: Sequence[Proposed]) -> list[Proposed]:
    first: dict[str, Proposed] = {}
    for one in proposed:
        first.setdefault(one.claim.target.model_dump_json(), one)
    return list(first.values())


def _admitted(proposed: Sequence[Proposed], material: Material) -> tuple[list[Proposed], tuple[str, ...]]:
    """Claims that some method answers, and sentences on why the others were refused."""
    admitted: list[Proposed] = []
    refused: dict[str, str] = {}
    for one in proposed:
        hypothesis = _hypothesis(one, 1, 1, material)
        if _Plan(material, hypothesis).choices():
            admitted.append(one)
        else:
            why, columns = _refusal(one.claim, material)
            refused.setdefault(why, columns)
    return admitted, tuple(f"{why} Columns considered: {columns}." for why, columns in refused.items())


def _refusal(claim: Claim, material: Material) -> tuple[str, str]:
    """Why no method answers a claim, and the columns considered."""
    card = material.card(claim.target.dataset)
    asked = (claim.target, structured(claim.target, card, material.sheet)[-1])
    found = (refusal(card, material.sheet, claim.task, claim.expects, target, claim.covariates) for target in asked)
    why = next(filter(None, found), "")
    columns = ", ".join(dict.fromkeys((*claim.target.columns, *claim.covariates)))
    return (
        why or f"No method of the catalogue answers this about {claim.target.outcome} with what the sheet says of its rows.",
        columns,
    )


def _why_not(reading: Reading, refused: Sequence[str]) -> str:
    if refused:
        return " ".join(refused)
    return reading.undecided or "The question could not be settled."


def _hypothesis(one: Proposed, cycle: int, number: int, material: Material) -> Hypothesis:
    claim = one.claim
    return Hypothesis(
        id=hypothesis_id(cycle, number),
        cycle=cycle,
        statement=one.statement or statement_of(claim, material),
        rationale="The study sheet states it." if one.author == "user" else RATIONALES[claim.task],
        task=claim.task,
        expects=claim.expects,
        direction=claim.direction,
        target=claim.target,
        author=one.author,
    )


class _Plan:
    """What a design of one hypothesis is made from."""

    def __init__(self, material: Material, hypothesis: Hypothesis) -> None:
        self.material = material
        self.hypothesis = hypothesis
        self.card = material.card(hypothesis.target.dataset)
        self.reading = _read(material)
        self.claim = self.reading.claim_on(hypothesis.target) or self._stated_claim()
        stated = self.reading.delta if self.claim is not None else None
        self.delta = delta_for(material.sheet, hypothesis.target.outcome) or stated
        self._found: dict[tuple[Target, tuple[str, ...]], tuple[Choice, ...]] = {}
        narrowed, rest = _narrowed(hypothesis)
        for target in structured(narrowed, self.card, material.sheet):
            self.target = target
            self.covariates = self._covariates(rest)
            if self._applicable(self.covariates):
                break

    def _stated_claim(self) -> Claim | None:
        readings = (read_stated(stated, self.material.cards, self.material.sheet) for stated in self.material.sheet.hypotheses)
        return next((claim for reading in readings if (claim := reading.claim_on(self.hypothesis.target)) is not None), None)

    def _covariates(self, rest: tuple[str, ...]) -> tuple[str, ...]:
        """What the question settles; and, where a method takes them, declared confounders or the baseline of a randomised trial."""
        settled = tuple(dict.fromkeys((*rest, *(self.claim.covariates if self.claim is not None else ()))))
        wanted = tuple(dict.fromkeys((*settled, *self._declared())))
        return wanted if wanted == settled or self._applicable(wanted) else settled

    def _declared(self) -> tuple[str, ...]:
        if self.hypothesis.expects != "effect" or not self.target.predictors:
            return ()
        taken = {*self.target.columns}
        names = baselines(self.card, self.material.sheet, self.target)
        if self.material.sheet.design != "randomised":
            names = self.material.sheet.covariates_with("confounder")
        return tuple(name for name in names if name not in taken and self.card.column(name) is not None)

    def _applicable(self, covariates: tuple[str, ...]) -> tuple[Choice, ...]:
        """The admissible methods; on many columns this takes milliseconds, so what was found is remembered."""
        key = (self.target, covariates)
        if key not in self._found:
            sheet = with_delta(self.material.sheet, self.target.outcome, self.delta)
            one = self.hypothesis
            self._found[key] = applicable_methods(self.card, sheet, one.task, one.expects, self.target, covariates)
        return self._found[key]

    def choices(self) -> tuple[Choice, ...]:
        """Admissible methods; the one that the question asks for by name comes first, if it is among them."""
        found = self._applicable(self.covariates)
        named = self.reading.method if self.claim is not None else None
        asked = tuple(replace(choice, reason="the question asks for it by name") for choice in found if choice.method == named)
        return (*asked, *(choice for choice in found if choice.method != named))

    def fallback(self) -> str:
        """A method to be rejected with the reasons, where none is admissible."""
        return "estimate" if self.hypothesis.expects == "estimate" else "linear_regression"

    def design(self, generation: int, choice: Choice) -> Design:
        """The design in full."""
        asks = self.reading.claim_on(self.hypothesis.target) is not None
        design = Design(
            key=generation_key(self.hypothesis.id, generation),
            hypothesis=self.hypothesis.id,
            method=choice.method,
            method_reason=choice.reason,
            target=self.target,
            covariates=self.covariates,
            alternative=self.reading.alternative if asks else "two-sided",
            delta=self.delta,
            protocol=Protocol(objective="", steps=()),
            author=AUTHOR,
        )
        return design.model_copy(update={"protocol": protocol_of(design, self.hypothesis, self.card, self.material)})


def _narrowed(hypothesis: Hypothesis) -> tuple[Target, tuple[str, ...]]:
    """A target with the tested predictor (two for their interaction), and the others as columns to adjust for; a prediction is
    made from all of them.
    """
    target = hypothesis.target
    if hypothesis.task == "predict":
        return target, ()
    tested = 2 if target.interaction else 1
    return target.model_copy(update={"predictors": target.predictors[:tested]}), target.predictors[tested:]


def baselines(card: DataCard, sheet: StudySheet, target: Target) -> tuple[str, ...]:
    """The outcome's own value before treatment in a randomised trial, by the columns' names; declared pre-treatment columns."""
    treatment = sheet.treatment in (None, *target.predictors[:1])
    outcome = card.column(target.outcome)
    if sheet.design != "randomised" or not treatment or outcome is None or not outcome.kind.numeric:
        return ()
    before = tuple(early for late, early in measurement_pairs(card.columns) if late == target.outcome)
    declared = tuple(name for name in sheet.covariates_with("pre-treatment") if _numeric(card, name))
    return tuple(dict.fromkeys((*before[:1], *declared)))


def _numeric(card: DataCard, name: str) -> bool:
    column = card.column(name)
    return column is not None and column.kind in (Kind.CONTINUOUS, Kind.COUNT)
