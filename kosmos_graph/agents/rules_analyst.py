"""The analyst without any model: sentences from templates, every value in them a reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from kosmos_graph.agents.protocol import Evidence, Material
from kosmos_graph.claims.licence import is_randomised
from kosmos_graph.claims.references import study_references, unadjusted_confounders
from kosmos_graph.claims.shape import Shape, adjusted_for, shape_of, shown_sign, tests_equivalence
from kosmos_graph.claims.wording import equivalence_statement, statement
from kosmos_graph.domain.analysis import Rejection, Section, Sentence
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.results import Execution, Measure, TestResult
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.applicability import PER_PARAMETER, refusal
from kosmos_graph.experiments.comparison import disagreements

AUTHOR = "rules"

NOTEWORTHY: tuple[tuple[str, float, float], ...] = (
    ("skewness", -1.0, 1.0),
    ("ratio of the largest to the smallest SD", 0.0, 2.0),
    ("smallest expected count", 5.0, float("inf")),
    ("largest leverage", 0.0, 0.5),
    ("largest variance inflation", 0.0, 10.0),
    ("share of tied values", 0.0, 0.5),
    ("share of zero differences", 0.0, 0.25),
)
"""Measures by the beginning of their names, and the range outside which one is reported as an anomaly."""


MOST_LISTED = 4
"""Results that one sentence of a synthesis lists."""


class RulesAnalyst:
    """Says what results mean from templates; never raises, and needs no second try."""

    author = AUTHOR

    async def analyse_study(
        self,
        material: Material,
        hypothesis: Hypothesis,
        design: Design,
        execution: Execution,
        rejected: tuple[Rejection, ...],
    ) -> tuple[Sentence, ...]:
        """Interpretation, confounders, anomalies and follow-ups of one result; none of a failed execution."""
        if execution.result is None:
            return ()
        return analysis_of(material, hypothesis, design, execution, execution.result)

    async def synthesise_findings(
        self, material: Material, evidence: tuple[Evidence, ...], rejected: tuple[Rejection, ...]
    ) -> tuple[Sentence, ...]:
        """Agreement, patterns and conflicts across the results."""
        return _sentences("interpretation", synthesis_of(material, evidence))


def _sentences(section: Section, texts: Iterable[str]) -> tuple[Sentence, ...]:
    return tuple(Sentence(section=section, text=text) for text in texts)


def analysis_of(
    material: Material, hypothesis: Hypothesis, design: Design, execution: Execution, result: TestResult
) -> tuple[Sentence, ...]:
    """All sentences on one result."""
    alpha, sheet = material.options.alpha, material.sheet
    shape = shape_of(hypothesis, design, result)
    settled = shown_sign(result, alpha) != 0 or _within_delta(result, alpha)
    return (
        *_sentences("interpretation", _interpretation(hypothesis, design, result, sheet, alpha)),
        *_sentences("confounders", _confounders(shape, design, sheet, _unadjusted_because(material, hypothesis, design))),
        *_sentences("anomalies", _anomalies(result, execution, alpha)),
        *_sentences("follow-ups", _follow_ups(shape, design, result, sheet, settled=settled)),
    )


def _interpretation(hypothesis: Hypothesis, design: Design, result: TestResult, sheet: StudySheet, alpha: float) -> Iterator[str]:
    shape = shape_of(hypothesis, design, result)
    references = study_references(hypothesis, design, result, sheet)
    if shape == "estimate":
        yield f"{statement(hypothesis, design, result, 0)}{_interval(references)}, from {{n}} rows."
        return
    if hypothesis.expects == "no effect":
        yield from _equivalence(hypothesis, design, result, alpha)
    elif shown_sign(result, alpha) == 0 and _within_delta(result, alpha):
        yield f"{equivalence_statement(hypothesis, design, result)}."
    else:
        yield f"{statement(hypothesis, design, result, shown_sign(result, alpha))}."
    yield f"{_numbers(result, references)}."
    if "group_means" in references and not result.effect.directed:
        yield "By group: {group_means}."
    adjusted = hypothesis.expects == "effect" and "p_adjusted" in references and not tests_equivalence(result)
    yield f"The hypothesis is {{verdict}}{' ({p_adjusted})' if adjusted else ''}."


def _equivalence(hypothesis: Hypothesis, design: Design, result: TestResult, alpha: float) -> Iterator[str]:
    if result.equivalence is None or design.delta is None:
        yield "Without a smallest effect that matters, this result cannot show that there is none."
    elif _within_delta(result, alpha):
        yield f"{equivalence_statement(hypothesis, design, result)}."
    else:
        sign = shown_sign(result, alpha)
        shown = statement(hypothesis, design, result, sign) if sign else "The data do not show that the effect lies within {delta}"
        yield f"{shown}." if sign else f"{shown} of no effect."


def _within_delta(result: TestResult, alpha: float) -> bool:
    return result.equivalence is not None and result.equivalence.p_value <= alpha


def _interval(references: Iterable[str]) -> str:
    return " ({interval})" if "interval" in references else ""


def _numbers(result: TestResult, references: Iterable[str]) -> str:
    test = "the equivalence test gives {p}" if tests_equivalence(result) else "{p}"
    parts = [f"The {{effect_name}} ({{effect_label}}) is {{effect}}{_interval(references)}", "n = {n}"]
    parts += [test] if "p" in references else []
    return ", ".join([*parts, "{method}"])


def _unadjusted_because(material: Material, hypothesis: Hypothesis, design: Design) -> str:
    """Why the declared confounders are not adjusted for, without a number but by reference; empty where that was the designer's."""
    card, covariates = material.card(design.target.dataset), (*design.covariates, *unadjusted_confounders(design, material.sheet))
    if design.covariates == covariates:
        return ""
    why = refusal(card, material.sheet, hypothesis.task, hypothesis.expects, design.target, covariates)
    if PER_PARAMETER in why:
        return ", because {n} rows are too few for so many parameters"
    return ", because no method that fits takes them" if why else ""


def _confounders(shape: Shape, design: Design, sheet: StudySheet, because: str) -> Iterator[str]:
    if adjusted_for(design):
        yield "The estimate holds {adjusted_for} constant."
    if unadjusted_confounders(design, sheet):
        yield f"Declared as confounders and not adjusted for{because}: {{unadjusted}}."
    if shape == "estimate":
        yield "How the rows were sampled decides what the estimate can be generalised to."
    elif is_randomised(design, sheet):
        yield "The treatment was assigned at random: what was not measured is spread over the groups by chance alone."
    else:
        yield _unmeasured(shape)


def _unmeasured(shape: Shape) -> str:
    match shape:
        case "pairs":
            return "Without a control group, whatever else happened between the measurements could account for all or part of it."
        case "trend" | "step":
            return "Whatever else happened over that time could account for all or part of it."
        case "reference":
            return "How the rows were selected could account for all or part of the distance from the reference."
        case "slope" | "table" | "interaction":
            return (
                "Nothing was assigned at random: a variable that was not measured could account for all or part of an association."
            )
        case "prediction":
            return "What foretells an outcome need not bring it about, and rows from elsewhere may be foretold worse."
    return "The groups were not assigned at random: variables that were not measured could account for all or part of a difference."


def _anomalies(result: TestResult, execution: Execution, alpha: float) -> Iterator[str]:
    if result.exclusions:
        yield "Left out: {excluded}; {n} of {n_read} were analysed."
    for number, measure in enumerate(result.measures, start=1):
        if is_noteworthy(measure):
            yield f"Worth a look: {{measure_{number}}}."
    if any(disagreements(result, other, alpha) for other in execution.sensitivity):
        yield "An analysis run beside the locked method disagrees with it; the table of sensitivity results has both."


def is_noteworthy(measure: Measure) -> bool:
    """Whether a measure lies outside the range in which nobody would stop at it."""
    ranges = ((low, high) for name, low, high in NOTEWORTHY if measure.name.startswith(name))
    return any(not low <= measure.value <= high for low, high in ranges)


def _follow_ups(shape: Shape, design: Design, result: TestResult, sheet: StudySheet, *, settled: bool) -> Iterator[str]:
    if shape == "estimate":
        yield "Estimate this quantity again on another sample."
        return
    if _on_the_other_side(result):
        yield "Test the other direction on data that were not used here."
    elif settled:
        yield "Repeat the test on data that were not used here."
    elif result.minimum_detectable is not None:
        yield "Collect more rows: this sample has a power of {power} only for effects from {minimum_detectable} on."
    else:
        yield "Collect more rows: the interval is too wide to settle the question."
    if unadjusted_confounders(design, sheet):
        yield "Repeat the analysis with {unadjusted} held constant."
    if not is_randomised(design, sheet) and shape not in ("reference", "trend"):
        yield "A study that assigns at random would be needed to go beyond association."


def _on_the_other_side(result: TestResult) -> bool:
    """Whether the estimate lies where a one-sided test does not look."""
    return result.effect.sign == {"two-sided": 0, "greater": -1, "less": 1}[result.alternative] != 0


def synthesis_of(material: Material, evidence: tuple[Evidence, ...]) -> Iterator[str]:
    """Sentences across results: counts, shared outcomes, agreement and conflict of directions."""
    answered = [one for one in evidence if one.study.execution.result is not None]
    if len(answered) < 2:
        return
    if any(one.judgement.verdict is not None for one in answered):
        yield "Over all hypotheses tested: {verdicts}."
    for same in _by_outcome(answered):
        yield _listing(same)
    for first, second in combinations(answered, 2):
        yield from _relation(first, second, material.options.alpha)


def _by_outcome(evidence: Iterable[Evidence]) -> Iterator[tuple[Evidence, ...]]:
    """Results of one outcome in one data set, at most four at a time, so that a sentence stays short."""
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for one in evidence:
        target = one.study.design.target
        if one.judgement.verdict is not None:
            groups.setdefault((target.dataset, target.outcome), []).append(one)
    for same in groups.values():
        if len(same) > 1:
            parts = -(-len(same) // MOST_LISTED)
            yield from (tuple(same[part::parts]) for part in range(parts))


def _listing(same: tuple[Evidence, ...]) -> str:
    keys = [one.hypothesis.id for one in same]
    parts = (f"{{{key}.effect_label}}: {{{key}.effect_name}} {{{key}.effect}}, {{{key}.verdict}}" for key in keys)
    return f"On {{{keys[0]}.outcome}} — {'; '.join(parts)}."


def _relation(first: Evidence, second: Evidence, alpha: float) -> Iterator[str]:
    """Agreement or conflict of two results about one outcome and one contrast."""
    one, other = first.study.design.target, second.study.design.target
    comparable = (one.dataset, one.outcome, one.predictors[:1], one.levels) == (
        other.dataset,
        other.outcome,
        other.predictors[:1],
        other.levels,
    )
    a, b = (_sign(found, alpha) for found in (first, second))
    if not comparable or not a or not b:
        return
    pair = f"{{{first.hypothesis.id}.effect}} and {{{second.hypothesis.id}.effect}}"
    if a == b:
        yield f"The results on {{{first.hypothesis.id}.effect_label}} point in the same direction: {pair}."
    else:
        yield f"The results on {{{first.hypothesis.id}.effect_label}} point in opposite directions: {pair}."


def _sign(evidence: Evidence, alpha: float) -> int:
    result = evidence.study.execution.result
    return shown_sign(result, alpha) if result is not None and result.effect.directed else 0
