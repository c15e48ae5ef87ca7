"""The designer that is bound to a chat model: it chooses from closed sets that code has narrowed, and writes the words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kosmos_graph.agents.forms import may_be_predictor
from kosmos_graph.agents.model_code import SUMMARY, CodeCheck, CodeReply, code_ask, experiment_of, objective_of
from kosmos_graph.agents.model_plan import plan_with_model
from kosmos_graph.agents.preamble import preamble, shown_data
from kosmos_graph.agents.protocol import Material
from kosmos_graph.agents.protocol_text import protocol_of
from kosmos_graph.agents.quoting import listed, one_line, quoted, without_numbers
from kosmos_graph.agents.reading.frame import Reading
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.agents.replies import NONE, WordsCheck, WordsReply, covariates_reply, method_reply, words_reply
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.claims.check import data_names
from kosmos_graph.domain.code_experiment import CodeExperiment
from kosmos_graph.domain.design import CODE, Design, Review, ReviewItem
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan
from kosmos_graph.domain.results import Execution
from kosmos_graph.experiments.applicability import Choice, applicable_methods
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.ids import generation_key
from kosmos_graph.prompts import render_prompt
from kosmos_graph.providers.asking import Asker, Prompt

REASON_LENGTH = 400


class ModelDesigner:
    """A designer in the sense of `agents.protocol.Designer`. What a question or sheet states is read by code, not by the model."""

    def __init__(self, asker: Asker, *, code_holds: Callable[[], bool] = lambda: False) -> None:
        """`code_holds` says whether code of the model's own can be run on this machine."""
        self.asker = asker
        self.author = asker.model
        self._code_holds = code_holds

    async def plan_research(self, material: Material, cycle: int, earlier: tuple[Hypothesis, ...]) -> ResearchPlan:
        """The user's own hypotheses, unchanged, then the model's, without repeats; or the sentence that says why there are none."""
        return await plan_with_model(self.asker, material, cycle, earlier)

    async def design_study(
        self, material: Material, hypothesis: Hypothesis, generation: int, reviews: tuple[Review, ...]
    ) -> Design:
        """Covariates, then method, then words: an ask each, where there is anything to choose.

        Where no method is admissible nothing is asked: the design goes to review as it is, to be rejected with the reasons.
        """
        base = await RulesDesigner().design_study(material, hypothesis, 1, ())
        work = DesignWork(self.asker, material, hypothesis, base, reviews)
        settled = {"key": generation_key(hypothesis.id, generation), "author": self.author}
        if not work.choices(base.covariates):
            settled_base = base.model_copy(update=settled)
            needed = material.options.code != "never" and self._code_holds()
            return await work.in_code(settled_base, "no method of the catalogue answers it") if needed else settled_base
        covariates = await work.covariates()
        offered = material.options.code == "offered" and self._code_holds()
        choice = await work.method(work.choices(covariates), code=offered)
        if choice.method == CODE:
            return await work.in_code(base.model_copy(update=settled), choice.reason)
        chosen = {"method": choice.method, "method_reason": choice.reason, "covariates": covariates}
        return await work.in_words(base.model_copy(update=settled | chosen))

    async def repair_study(
        self, material: Material, hypothesis: Hypothesis, failed: tuple[tuple[Design, Execution], ...], generation: int
    ) -> Design | None:
        """The last design with another admissible method, or with its code mended; None, without a call, where every method has
        failed, and where no code can be run (any more): none is worth mending then.
        """
        last = failed[-1][0]
        work = DesignWork(self.asker, material, hypothesis, last, ())
        key = {"key": generation_key(hypothesis.id, generation), "author": self.author}
        if last.code is not None and not self._code_holds():
            return None
        if last.code is not None:
            return await work.in_code(last.model_copy(update=key), last.method_reason, (last.code, failed[-1][1]))
        tried = {design.method for design, _ in failed}
        left = [choice for choice in work.choices(last.covariates) if choice.method not in tried]
        if not left:
            return None
        choice = await work.another_method(left, failed)
        chosen = {"method": choice.method, "method_reason": choice.reason}
        return last.model_copy(update=key | chosen)


class DesignWork:
    """The asks for one design. `base` is the design by rules: its target, forced covariates, alternative and δ stand."""

    def __init__(self, asker: Asker, material: Material, hypothesis: Hypothesis, base: Design, reviews: tuple[Review, ...]) -> None:
        self.asker = asker
        self.material = material
        self.hypothesis = hypothesis
        self.base = base
        self.target = base.target
        self.card = material.card(base.target.dataset)
        self.rejections = [item for review in reviews for item in review.items if item.severity == "hard"]
        self.system = preamble(material)
        self.shown = next((data.names for data in shown_data(material) if data.card.name == self.card.name), {})

    async def covariates(self) -> tuple[str, ...]:
        """The forced ones, and what the model adds where one predictor's own part is asked for and the question leaves it open."""
        forced = self.base.covariates
        offered = self._to_adjust(forced)
        if self.hypothesis.task != "affect" or self._settled() is not None or not offered:
            return forced
        return (*forced, *await self._added_covariates(offered, forced))

    def choices(self, covariates: tuple[str, ...]) -> tuple[Choice, ...]:
        """Admissible methods, the preferred one first, without those that a review rejected by name while others are left."""
        sheet, one = self.material.sheet, self.hypothesis
        stated = sheet if self.base.delta is None else sheet.model_copy(update={"smallest_effect": self.base.delta})
        found = applicable_methods(self.card, stated, one.task, one.expects, self.target, covariates)
        left = tuple(choice for choice in found if not any(_names_method(item, choice.method) for item in self.rejections))
        return left or found

    async def method(self, choices: Sequence[Choice], *, code: bool = False) -> Choice:
        """The method that the question names, the only one, or the one that the model chooses; with `code`, it may be CODE."""
        reading = self._settled()
        named = [choice for choice in choices if reading is not None and choice.method == reading.method]
        if named:
            return replace(named[0], reason="the question asks for it by name")
        if len(choices) == 1 and not code:
            return choices[0]
        offered = (*choices, Choice(CODE, False, "the designer chose to write the experiment itself")) if code else choices
        return await self._choose(self._ask(render_prompt("design_study_method", methods=_method_lines(offered))), offered)

    async def another_method(self, choices: Sequence[Choice], failed: Sequence[tuple[Design, Execution]]) -> Choice:
        """The only method left, or the one that the model chooses knowing what failed."""
        if len(choices) == 1:
            return choices[0]
        lines = (f'- "{design.method}": {_reason(execution.error or "it failed")}' for design, execution in failed)
        user = render_prompt(
            "repair_study",
            hypothesis=quoted(self.hypothesis.statement, 400),
            failed="\n".join(lines),
            methods=_method_lines(choices),
            **self._columns(),
        )
        return await self._choose(user, choices)

    async def in_code(self, design: Design, reason: str, failed: tuple[CodeExperiment, Execution] | None = None) -> Design:
        """The design as code of the model's own; `failed` is the code to mend, with what came of it."""
        check = CodeCheck(data_names([self.card]), failed[0].code if failed is not None else None)
        reply = await self.asker.ask(Prompt(self.system, self._ask(code_ask(self.card.name, self.shown, failed))), CodeReply, check)
        plain = design.model_copy(
            update={"method": CODE, "method_reason": reason, "covariates": (), "delta": None, "code": experiment_of(reply)}
        )
        protocol = protocol_of(plain, self.hypothesis, self.card, self.material)
        objective = objective_of(reply, data_names([self.card]), protocol.objective)
        return plain.model_copy(update={"protocol": protocol.model_copy(update={"objective": objective})})

    async def in_words(self, design: Design) -> Design:
        """The design with its protocol: what is counted or settled from templates, what is meant in the model's words.

        A description compares nothing, so nothing can confound it: its protocol is the template, and no call is made.
        """
        template = protocol_of(design, self.hypothesis, self.card, self.material)
        if self.hypothesis.expects == "estimate":
            return design.model_copy(update={"protocol": template})
        adjusted = f" Adjusted for {listed(self._shown(name) for name in design.covariates)}." if design.covariates else ""
        ask = render_prompt("design_study_words", method=CATALOGUE[design.method].title, covariates=adjusted)
        exact = {shown: name for name, shown in self.shown.items() if self._may_adjust(name)}
        check: WordsCheck[WordsReply] = WordsCheck(data_names([self.card]), "objective", "caution")
        last = await self.asker.ask(Prompt(self.system, self._ask(ask)), words_reply(list(exact)), check)
        reply = check.settled(last, {"objective": template.objective, "caution": ""})
        confounders = tuple(exact[name] for name in reply.confounders)
        words = {
            "objective": reply.objective,
            "steps": (*template.steps, *([f"Keep in mind: {reply.caution}"] if reply.caution else [])),
            "confounding_variables": tuple(dict.fromkeys((*template.confounding_variables, *confounders))),
        }
        return design.model_copy(update={"protocol": template.model_copy(update=words)})

    def _settled(self) -> Reading | None:
        """The question as read, where this hypothesis is what it asks."""
        reading = read_question(self.material.question.text, self.material.cards, self.material.sheet)
        return reading if reading.claim_on(self.hypothesis.target) is not None else None

    def _may_adjust(self, name: str) -> bool:
        """Whether a column may be adjusted for at all: no part of the target, no mediator, collider, id, time or text."""
        sheet, column = self.material.sheet, self.card.column(name)
        barred = {*self.target.columns, *sheet.covariates_with("mediator", "collider"), sheet.time, sheet.cluster}
        return column is not None and may_be_predictor(column, sheet) and name not in barred

    def _to_adjust(self, forced: tuple[str, ...]) -> list[str]:
        """Shown columns that the model may add to those that are forced: each of them, alone, leaves a method admissible."""
        names = [name for name in self.shown if name not in forced and self._may_adjust(name)]
        return [name for name in names if self.choices((*forced, name))]

    async def _added_covariates(self, offered: list[str], forced: tuple[str, ...]) -> tuple[str, ...]:
        """What the model adds; nothing where all of it together leaves no method admissible."""
        exact = {self.shown[name]: name for name in offered}
        ask = render_prompt("design_study_columns", columns=f"To choose from: {listed(exact)}.")
        reply = await self.asker.ask(Prompt(self.system, self._ask(ask)), covariates_reply(list(exact)))
        added = tuple(exact[name] for name in dict.fromkeys(reply.adjust_for))
        return added if self.choices((*forced, *added)) else ()

    async def _choose(self, user: str, choices: Sequence[Choice]) -> Choice:
        by_name = {choice.method: choice for choice in choices}
        reply = await self.asker.ask(Prompt(self.system, user), method_reply(list(by_name)))
        return by_name[reply.method]

    def _ask(self, ask: str) -> str:
        """The context that all asks about this hypothesis begin with, and the ask."""
        return render_prompt(
            "design_study",
            hypothesis=quoted(self.hypothesis.statement, 400),
            fixed=self._fixed(),
            rejected=_rejections(self.rejections),
            ask=ask,
            **self._columns(),
        )

    def _columns(self) -> dict[str, str]:
        target = self.target
        by = [*target.predictors, *(name for name in (target.baseline, target.time) if name is not None)]
        return {"outcome": quoted(self._shown(target.outcome)), "predictor": listed(map(self._shown, by)) or NONE}

    def _shown(self, name: str) -> str:
        return self.shown.get(name) or one_line(name, 60)

    def _fixed(self) -> str:
        """What question and data have settled about the target, in words."""
        target = self.target
        parts = [f" Compared: {' against '.join(quoted(level, 60) for level in target.levels)}."] if target.levels else []
        parts += [f" Rows of one unit share {quoted(self._shown(target.pair))}."] if target.pair else []
        parts += [" Only some rows are used, as the question says."] if target.filters else []
        return "".join(parts)


def _method_lines(choices: Sequence[Choice]) -> str:
    summaries = (SUMMARY if choice.method == CODE else CATALOGUE[choice.method].summary for choice in choices)
    lines = (f'- "{choice.method}": {summary}' for choice, summary in zip(choices, summaries, strict=True))
    usual = [" (the usual choice)" if choice.preferred else "" for choice in choices]
    return "\n".join(f"{line}{mark}" for line, mark in zip(lines, usual, strict=True))


def _rejections(items: Sequence[ReviewItem]) -> str:
    if not items:
        return ""
    lines = (f"- {_reason(item.finding)} {_reason(item.remedy)}" for item in items)
    return "\n".join(["Earlier designs were rejected:", *dict.fromkeys(lines), ""])


def _names_method(item: ReviewItem, method: str) -> bool:
    """Whether a finding is about a method, by its name or title."""
    return method in CATALOGUE and (method in item.finding or CATALOGUE[method].title in item.finding)


def _reason(text: str) -> str:
    """A finding or an error as the model may see it: its numbers are of the data."""
    return without_numbers(text, REASON_LENGTH)
