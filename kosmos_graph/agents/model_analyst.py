"""The analyst that is bound to a chat model: it sees which way results point, no numbers, and writes sentences with references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kosmos_graph.agents.preamble import preamble
from kosmos_graph.agents.protocol import Evidence, Material
from kosmos_graph.agents.quoting import one_line, quoted, without_numbers
from kosmos_graph.agents.replies import analysis_reply, synthesis_reply
from kosmos_graph.agents.rules_analyst import analysis_of, synthesis_of
from kosmos_graph.claims.licence import is_randomised
from kosmos_graph.claims.references import meaning_of, study_references
from kosmos_graph.claims.shape import shown_sign
from kosmos_graph.domain.analysis import Rejection, Section, Sentence
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import Exclusion, Execution, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.catalogue import CATALOGUE
from kosmos_graph.prompts import render_prompt
from kosmos_graph.providers.asking import Asker, Prompt

OFFERED = (
    "effect",
    "interval",
    "p",
    "verdict",
    "direction",
    "group_means",
    "n",
    "excluded",
    "adjusted_for",
    "unadjusted",
)
"""References that a prompt shows, in this order, where they have a value. Few are used well; any other that exists may be used."""

VERDICTS_SHOWN = 6
ALLOWED_SHOWN = 12
CAUSES = ", cause, because, due to, account for, effect of"
"""Words that only a randomised study allows, as the end of a list."""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z{\"“])")
SYNTHESIS_OFFERED = ("verdict", "direction", "effect", "interval", "p_adjusted", "n")
TEXT_LENGTH = 300


class ModelAnalyst:
    """An analyst in the sense of `agents.protocol.Analyst`. It sees what a check of claims sent back, and writes the whole anew."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.author = asker.model

    async def analyse_study(
        self,
        material: Material,
        hypothesis: Hypothesis,
        design: Design,
        execution: Execution,
        rejected: tuple[Rejection, ...],
    ) -> tuple[Sentence, ...]:
        """Sentences in all four sections. Raises ValueError for an execution that failed, which has no result to speak of."""
        if execution.result is None:
            raise ValueError(f"the execution {execution.key} failed, so there is nothing to analyse")
        allowed = _allowed(material, hypothesis, design, execution, execution.result)
        user = render_prompt(
            "analyse_study",
            hypothesis=f"{quoted(hypothesis.statement)} Predicted: {_prediction(hypothesis)}.",
            method=CATALOGUE[design.method].title,
            estimand=one_line(execution.result.estimand, TEXT_LENGTH),
            study="randomised" if material.sheet.design == "randomised" else f"{material.sheet.design}, not randomised",
            facts=_facts(execution.result, execution.sensitivity, material.options.alpha),
            allowed=_lines(allowed),
            references=_references(hypothesis, design, execution.result, material.sheet),
            rejected=_rejected(rejected),
            causes="" if is_randomised(design, material.sheet) else CAUSES,
        )
        reply = await self.asker.ask(Prompt(preamble(material), user), analysis_reply(list(allowed)))
        sections: tuple[tuple[Section, tuple[str, ...]], ...] = (
            ("interpretation", reply.interpretation),
            ("confounders", reply.confounders),
            ("anomalies", reply.anomalies),
            ("follow-ups", reply.follow_ups),
        )
        said = (Sentence(section="interpretation", text=allowed[name]) for name in reply.say)
        return _once((*said, *(sentence for section, texts in sections for sentence in _sentences(section, texts))))

    async def synthesise_findings(
        self, material: Material, evidence: tuple[Evidence, ...], rejected: tuple[Rejection, ...]
    ) -> tuple[Sentence, ...]:
        """Sentences on agreement, patterns and conflicts, in this order; none, without a call, where there is no evidence."""
        if not evidence:
            return ()
        allowed = _allowed_together(material, evidence)
        user = render_prompt(
            "synthesise_findings",
            findings="\n".join(_finding(one, material.options.alpha) for one in evidence),
            allowed=_lines(allowed),
            references="\n".join(line for one in evidence for line in _finding_references(one, material.sheet)),
            rejected=_rejected(rejected),
            causes="" if all(is_randomised(one.study.design, material.sheet) for one in evidence) else CAUSES,
        )
        reply = await self.asker.ask(Prompt(preamble(material), user), synthesis_reply(list(allowed)))
        said = (Sentence(section="interpretation", text=allowed[name]) for name in reply.say)
        return _once((*said, *_sentences("interpretation", (*reply.patterns, *reply.conflicts))))


def _sentences(section: Section, texts: Iterable[str]) -> Iterator[Sentence]:
    """The whole sentences in `texts`, one by one: one that cannot stand does not take others with it.

    What has no end was cut by the bound on a reply's length and is left out.
    """
    parts = (part.strip() for text in texts for part in SENTENCE_END.split(text.strip()))
    return (Sentence(section=section, text=part) for part in parts if part.endswith((".", "!", "?")))


def _once(sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """Each text once, where it stands first."""
    first: dict[str, Sentence] = {}
    for sentence in sentences:
        first.setdefault(sentence.text, sentence)
    return tuple(first.values())


def _allowed(
    material: Material, hypothesis: Hypothesis, design: Design, execution: Execution, result: TestResult
) -> dict[str, str]:
    """What the analyst by rules says of the result: no more than is shown. By names to choose by."""
    sentences = analysis_of(material, hypothesis, design, execution, result)
    return _named(sentence.text for sentence in sentences if sentence.section == "interpretation")


def _allowed_together(material: Material, evidence: tuple[Evidence, ...]) -> dict[str, str]:
    """What the analyst by rules says across results, and the verdict on each of the first."""
    judged = [one.hypothesis.id for one in evidence if one.judgement.verdict is not None]
    verdicts = [f"On {{{name}.outcome}}, the hypothesis is {{{name}.verdict}}." for name in judged[:VERDICTS_SHOWN]]
    return _named([*verdicts, *synthesis_of(material, evidence)][:ALLOWED_SHOWN])


def _named(texts: Iterable[str]) -> dict[str, str]:
    return {f"s{number}": text for number, text in enumerate(dict.fromkeys(texts), start=1)}


def _lines(allowed: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {one_line(text, TEXT_LENGTH)}" for name, text in allowed.items())


def _prediction(hypothesis: Hypothesis) -> str:
    if hypothesis.expects == "effect" and hypothesis.direction is not None:
        return f"a {hypothesis.direction} effect"
    return {"effect": "an effect, in either direction", "no effect": "none that matters", "estimate": "nothing"}[hypothesis.expects]


def _facts(result: TestResult, beside: Sequence[TestResult], alpha: float) -> str:
    """What was found, in words."""
    lines = [f"- {_pointing(result, alpha)}"]
    lines += [f"- {_agreement(result, other, alpha)}" for other in beside]
    lines += [f"- Rows were left out: {exclusion.reason}, {quoted(exclusion.variable, 60)}." for exclusion in _by_reason(result)]
    lines += [f"- {without_numbers(caveat)}" for caveat in result.caveats]
    return "\n".join(dict.fromkeys(lines))


def _by_reason(result: TestResult) -> list[Exclusion]:
    return list({(one.reason, one.variable): one for one in result.exclusions}.values())


def _pointing(result: TestResult, alpha: float) -> str:
    """Which side of the null the result has shown, of what."""
    if result.p_value is None:
        return "A quantity was estimated; nothing was tested."
    sign = shown_sign(result, alpha)
    what = f"the {result.effect.name} ({quoted(result.effect.label, 120)})"
    if not result.effect.directed:
        return f"The data {'show' if sign else 'do not show'} an effect: {what}, which has no direction."
    if not sign:
        return f"The data do not settle the direction of {what}."
    return f"The data show that {what} lies {'above' if sign > 0 else 'below'} the value of no effect."


def _agreement(result: TestResult, other: TestResult, alpha: float) -> str:
    agrees = shown_sign(result, alpha) == shown_sign(other, alpha) or not other.effect.directed
    return f"{other.title}, run beside it, {'agrees' if agrees else 'does not show the same'}."


def _references(hypothesis: Hypothesis, design: Design, result: TestResult, sheet: StudySheet) -> str:
    there = set(study_references(hypothesis, design, result, sheet))
    return "\n".join(f"- {{{name}}}: {meaning_of(name)}" for name in OFFERED if name in there)


def _finding(one: Evidence, alpha: float) -> str:
    verdict = one.judgement.verdict or "an estimate, no verdict"
    result = one.study.execution.result
    pointing = f" {_pointing(result, alpha)}" if result is not None else ""
    basis = without_numbers(one.judgement.basis)
    return f"{one.hypothesis.id}: {quoted(one.hypothesis.statement)} Verdict: {verdict}, as {basis}.{pointing}"


def _finding_references(one: Evidence, sheet: StudySheet) -> list[str]:
    result = one.study.execution.result
    there = set(study_references(one.hypothesis, one.study.design, result, sheet)) if result is not None else set()
    names = [name for name in SYNTHESIS_OFFERED if name in there]
    return [f"- {{{one.hypothesis.id}.{name}}}: {meaning_of(name)}" for name in names]


def _rejected(rejected: Sequence[Rejection]) -> str:
    if not rejected:
        return ""
    lines = dict.fromkeys(f"- {quoted(one.text, TEXT_LENGTH)}: {one_line(one.reason, TEXT_LENGTH)}" for one in rejected)
    return render_prompt("rejected_sentences", sentences="\n".join(lines))
