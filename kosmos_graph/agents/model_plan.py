"""How a model plans: it confirms what rules read in the question, or picks columns and a form for code to make hypotheses of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from kosmos_graph.agents.forms import TASK_LINES, Form, forms, may_be_outcome, may_be_predictor
from kosmos_graph.agents.preamble import ShownData, preamble, shown_data
from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.quoting import listed, quoted
from kosmos_graph.agents.reading.frame import Claim
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.replies import (
    NONE,
    ConfirmationReply,
    HypothesisReply,
    PairReply,
    PlanReply,
    WordsCheck,
    confirmation_reply,
    data_reply,
    hypothesis_reply,
    plan_reply,
)
from kosmos_graph.agents.rules_designer import RATIONALES, RulesDesigner
from kosmos_graph.agents.wording import statement_of
from kosmos_graph.claims.check import data_names
from kosmos_graph.domain.hypothesis import Direction, Hypothesis, ResearchPlan, Target
from kosmos_graph.ids import hypothesis_id
from kosmos_graph.prompts import render_prompt
from kosmos_graph.providers.asking import Asker, Prompt

USER = "user"
NOTHING_NAMED = (
    "No word of the question is the name of a column or level. Unless columns measure what it asks about under other names, it "
    'cannot be answered: then answerable is "no" and pairs is empty.'
)
EXPECTED = {
    "either": "a difference or relation, whichever way it goes; take this unless the question or known science says which way",
    "higher": "the outcome is higher in the first group named, after the change, or where the predictor is higher",
    "lower": "the outcome is lower in the first group named, after the change, or where the predictor is higher",
    "none": "no difference or relation that matters",
}

T = TypeVar("T")


async def plan_with_model(asker: Asker, material: Material, cycle: int, earlier: tuple[Hypothesis, ...]) -> ResearchPlan:
    """The user's own hypotheses, then those that rules read in the question if the model confirms them, else the model's own."""
    base = await RulesDesigner().plan_research(material, cycle, earlier)
    stated = [hypothesis for hypothesis in base.hypotheses if hypothesis.author == USER]
    read = [hypothesis for hypothesis in base.hypotheses if hypothesis.author != USER]
    planner = Planner(asker, material)
    confirmed = await planner.confirmed(read) if read else []
    kept = fresh([*stated, *confirmed], earlier)
    room = material.options.hypotheses - len(kept)
    if confirmed or room <= 0:
        return ResearchPlan(hypotheses=numbered(kept, cycle), notes=base.notes)
    picked = await planner.picked(room, (*earlier, *kept))
    proposed = fresh([*kept, *picked], earlier)
    if not proposed and not earlier:
        return ResearchPlan(undecided=base.undecided or _unanswerable(material))
    return ResearchPlan(hypotheses=numbered(proposed, cycle), notes=base.notes if stated else ())


class Planner:
    """The asks of one plan."""

    def __init__(self, asker: Asker, material: Material) -> None:
        self.asker = asker
        self.material = material
        self.system = preamble(material)
        self.names = data_names(material.cards)

    async def confirmed(self, read: Sequence[Hypothesis]) -> list[Hypothesis]:
        """The hypotheses as read, the model's from here on, if it finds that they fit the question; else none."""
        statements = "\n".join(f"- {quoted(hypothesis.statement)}" for hypothesis in read)
        prompt = Prompt(self.system, render_prompt("plan_research", claims=statements))
        words: WordsCheck[ConfirmationReply] = WordsCheck(self.names, "rationale")
        reply = words.settled(await self.asker.ask(prompt, confirmation_reply(), words), {"rationale": ""})
        if reply.answers_question == "no":
            return []
        return [one.model_copy(update={"author": self.asker.model, "rationale": reply.rationale or one.rationale}) for one in read]

    async def picked(self, room: int, known: Sequence[Hypothesis]) -> list[Hypothesis]:
        """Pairs that the model picks, each with the form that it gives them."""
        data = await self._data_set()
        if data is None:
            return []
        pairs = await self._pairs(data, known, room)
        return await together([self._shaped(data, pair) for pair in pairs])

    def _named(self, data: ShownData) -> tuple[str, ...] | None:
        """Columns that the question names, as they are shown; None where it names nothing in the data."""
        considered = read_question(self.material.question.text, [data.card], self.material.sheet).considered
        if len(considered) >= len(data.card.columns) > 1:
            return None
        return tuple(data.names[name] for name in considered if name in data.names)

    async def _data_set(self) -> ShownData | None:
        """The data set that answers the question; asked only where there are several."""
        shown = {quoted(data.card.name, 80).strip('"'): data for data in shown_data(self.material)}
        if len(shown) <= 1:
            return next(iter(shown.values()), None)
        reply = await self.asker.ask(Prompt(self.system, render_prompt("plan_research_data")), data_reply(list(shown)))
        return shown.get(reply.data_set)

    async def _pairs(self, data: ShownData, known: Sequence[Hypothesis], most: int) -> list[tuple[str, str | None]]:
        """(outcome, predictor) by their exact names, without repeats; empty where the columns cannot answer.

        Pairs about which nothing can be asked are left out; where no other is left, they go back with the reasons.
        """
        exact = {shown: name for name, shown in data.names.items()}
        outcomes = [data.names[column.name] for column in data.columns if may_be_outcome(column)]
        predictors = [data.names[column.name] for column in data.columns if may_be_predictor(column, self.material.sheet)]
        if not outcomes:
            return []

        def check(reply: PlanReply) -> tuple[str, ...]:
            reasons = [self._why_not(data, exact, pair) for pair in reply.pairs]
            return tuple(reason for reason in reasons if reason is not None) if None not in reasons else ()

        named = self._named(data)
        user = render_prompt("plan_research_columns", known=_known(named, known), most=str(most))
        schema = plan_reply(outcomes, predictors, most, doubtful=named is None)
        reply = await self.asker.ask(Prompt(self.system, user), schema, check)
        usable = [pair for pair in reply.pairs if self._why_not(data, exact, pair) is None]
        pairs = [(exact[pair.outcome], exact.get(pair.predictor)) for pair in usable]
        return list(dict.fromkeys(pairs)) if reply.answerable == "yes" else []

    def _why_not(self, data: ShownData, exact: dict[str, str], pair: PairReply) -> str | None:
        """Why nothing can be asked about a pair."""
        if pair.outcome == pair.predictor:
            return f"{quoted(pair.outcome)} is both outcome and predictor of a pair"
        if self._forms(data, exact[pair.outcome], exact.get(pair.predictor)):
            return None
        return f"no method fits the outcome {quoted(pair.outcome)} with the predictor {quoted(pair.predictor)}"

    def _forms(self, data: ShownData, outcome: str, predictor: str | None) -> tuple[Form, ...]:
        return forms(data.card, self.material.sheet, outcome, predictor)

    async def _shaped(self, data: ShownData, pair: tuple[str, str | None]) -> Hypothesis:
        """The hypothesis that the model makes of a pair, about which something can be asked."""
        outcome, predictor = pair
        offered = self._forms(data, outcome, predictor)
        contrasts = list(dict.fromkeys(name or NONE for form in offered for name in form.contrasts))
        expected = self._expected(offered)
        user = render_prompt(
            "plan_research_hypothesis",
            outcome=quoted(data.names[outcome]),
            predictor=quoted(data.names[predictor]) if predictor is not None else NONE,
            tasks="\n".join(f'  - "{form.task}": {TASK_LINES[form.task]}' for form in offered),
            expected="\n".join(f'  - "{name}": {EXPECTED[name]}' for name in expected),
        )
        schema = hypothesis_reply([form.task for form in offered], contrasts, expected)
        words: WordsCheck[HypothesisReply] = WordsCheck(self.names, "rationale")
        reply = words.settled(await self.asker.ask(Prompt(self.system, user), schema, words), {"rationale": ""})
        form = next(form for form in offered if form.task == reply.task)
        return self._hypothesis(_claim(form, reply), reply.rationale or RATIONALES[form.task])

    def _hypothesis(self, claim: Claim, rationale: str) -> Hypothesis:
        return Hypothesis(
            id="",
            cycle=0,
            statement=statement_of(claim, self.material),
            rationale=rationale,
            task=claim.task,
            expects=claim.expects,
            direction=claim.direction,
            target=claim.target,
            author=self.asker.model,
        )

    def _expected(self, offered: Sequence[Form]) -> list[str]:
        """What may be expected. No difference can be shown only against a smallest effect that somebody has stated."""
        if all(form.task == "estimate" for form in offered):
            return ["either"]
        return list(EXPECTED) if self.material.sheet.smallest_effect is not None else list(EXPECTED)[:3]


async def together(asks: Sequence[Awaitable[T]]) -> list[T]:
    """The results of asks that run together, in their order. All end before the first failure, in order, is raised."""
    results = await asyncio.gather(*asks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


def _claim(form: Form, reply: HypothesisReply) -> Claim:
    """What a reply says about a pair; a contrast that the form does not have gives way to the form's first."""
    target = form.contrasts.get(reply.contrast, next(iter(form.contrasts.values())))
    if form.task == "estimate":
        return Claim(form.task, "estimate", None, target)
    if reply.expected == "none":
        return Claim(form.task, "no effect", None, target)
    signs: dict[str, Direction] = {"higher": "positive", "lower": "negative"}
    return Claim(form.task, "effect", signs.get(reply.expected) if _has_sign(form, target) else None, target)


def _has_sign(form: Form, target: Target) -> bool:
    """Whether an effect has a direction: two groups have one, several have none."""
    return form.task != "compare" or target.levels is not None


def fresh(proposed: Sequence[Hypothesis], earlier: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Those of `proposed` that test nothing that one before them, or an earlier hypothesis, tests."""
    seen = {experiment(hypothesis.task, hypothesis.target) for hypothesis in earlier}
    kept = []
    for hypothesis in proposed:
        same = experiment(hypothesis.task, hypothesis.target)
        if same not in seen:
            kept.append(hypothesis)
        seen.add(same)
    return kept


def experiment(task: str, target: Target) -> tuple[object, ...]:
    """Equal for targets that are the same experiment: groups in either order, an association read from either side."""
    sides = frozenset((target.outcome, *target.predictors)) if task == "associate" else (target.outcome, target.predictors)
    rest = target.model_dump_json(exclude={"outcome", "predictors", "levels"})
    return (task, sides, frozenset(target.levels or ()), rest)


def numbered(hypotheses: Sequence[Hypothesis], cycle: int) -> tuple[Hypothesis, ...]:
    """The hypotheses with their ids in the cycle."""
    return tuple(
        hypothesis.model_copy(update={"id": hypothesis_id(cycle, number), "cycle": cycle})
        for number, hypothesis in enumerate(hypotheses, start=1)
    )


def _known(named: tuple[str, ...] | None, known: Sequence[Hypothesis]) -> str:
    """What the model need not find out: columns that the question names, and what is tested already."""
    lines = [f"The question seems to name {listed(named)}."] if named else []
    lines += [NOTHING_NAMED] if named is None else []
    if known:
        lines += ["Already tested, so choose something else:", *(f"- {quoted(one.statement, 300)}" for one in known)]
    return "\n".join(lines)


def _unanswerable(material: Material) -> str:
    considered = [name for data in shown_data(material) for name in data.names.values()]
    return f"No column answers the question, the designer's model says. It considered {listed(considered[:15])}."
