"""One finding as Markdown: verdict, numbers, method, figure, tables, words and who wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.report import EffectView, Finding
from kosmos_graph.domain.results import Effect, Group, Term, TestResult
from kosmos_graph.render import numbers
from kosmos_graph.render.escape import as_sentence, ended, markdown
from kosmos_graph.render.fill import delta, exclusion, standardised
from kosmos_graph.render.tables import bullets, section, table

MOST_TERMS = 30


def finding_lines(finding: Finding, figures: Mapping[str, str], alpha: float) -> Iterator[str]:
    """The finding's lines, without its heading. `alpha` keeps rounded p values on their side of it."""
    yield from (_verdict(finding), "")
    yield from table(("", "value"), _numbers(finding, alpha))
    yield from (_method(finding), "")
    yield from _figure(finding, figures)
    yield from section(f"**What it means** (by {markdown(finding.analysis_author or '')})", bullets(finding.interpretation))
    yield from section("**What else could explain it**", bullets(finding.confounders))
    yield from section("**What stands out**", bullets(finding.anomalies))
    yield from section("**What to study next**", bullets(finding.follow_ups))
    yield from section("**Groups**", table(GROUP_HEAD, (_group(group) for group in finding.groups)))
    yield from section(f"**Terms**{_cut(finding)}", table(TERM_HEAD, (_term(term) for term in finding.terms[:MOST_TERMS])))
    yield from section(
        "**Beside the locked method** (its own estimand each; none of these changes the verdict)",
        table(SENSITIVITY_HEAD, (_beside(result) for result in finding.sensitivity)),
    )
    yield from section("**Measures of the assumptions**", table(("measure", "value", "meaning"), _measures(finding)))
    yield from section("**Caveats**", bullets(finding.caveats))
    yield from (_authors(finding), "")


GROUP_HEAD = ("group", "n", "share", "mean", "SD", "median", "smallest", "largest")
TERM_HEAD = ("term", "estimate", "low", "high", "statistic", "p", "p adjusted by", "n")
SENSITIVITY_HEAD = ("method", "estimates", "effect", "interval", "p", "n")


def _verdict(finding: Finding) -> str:
    if finding.verdict is None:
        return f"**No verdict**: {markdown(finding.verdict_basis)}."
    return f"**{finding.verdict.capitalize()}**: {markdown(finding.verdict_basis)}."


def effect_of(view: EffectView) -> Effect:
    """The effect that a view shows."""
    return Effect.model_validate(view.model_dump())


def _numbers(finding: Finding, alpha: float) -> Iterator[tuple[str, str]]:
    effect = effect_of(finding.effect)
    yield f"{effect.name} ({effect.label})", numbers.estimate(effect)
    yield "interval", numbers.interval(effect)
    if finding.standardised is not None:
        yield "standardised", standardised(effect_of(finding.standardised))
    for other in finding.other_effects:
        yield f"also: {other.label}", standardised(effect_of(other))
    if finding.statistic is not None and finding.statistic_name is not None:
        yield "statistic", numbers.statistic(finding.statistic_name, finding.statistic, _df(finding))
    if finding.p_value is not None:
        yield "p", numbers.p_value(finding.p_value, alpha).removeprefix("= ")
    if finding.p_adjusted is not None:
        yield "p, Holm-adjusted", numbers.p_value(finding.p_adjusted, alpha).removeprefix("= ")
    yield from _equivalence(finding, effect)
    if finding.minimum_detectable is not None:
        alternative = Design.model_validate(finding.design).alternative
        yield "smallest detectable effect", numbers.detectable(finding.minimum_detectable, effect, alternative)
    yield "n analysed of n read", f"{numbers.count(finding.n)} of {numbers.count(finding.n_read)}"
    if finding.exclusions:
        yield "left out", "; ".join(exclusion(one) for one in finding.exclusions)


def _equivalence(finding: Finding, effect: Effect) -> Iterator[tuple[str, str]]:
    tested = finding.equivalence
    if tested is not None:
        distance = effect.model_copy(update={"value": (tested.low + tested.high) / 2, "low": tested.low, "high": tested.high})
        within = f"±{delta(tested.delta, effect)}"
        ends = (numbers.in_effect_units(end, distance) for end in (tested.low, tested.high))
        p = numbers.p_value(tested.p_value)
        yield f"within {within} of no effect", f"p {p}; distance from no effect {' to '.join(ends)}{numbers.distance_unit(effect)}"


def _df(finding: Finding) -> tuple[float, ...]:
    match finding.df:
        case None:
            return ()
        case tuple() as several:
            return several
        case value:
            return (value,)


def _method(finding: Finding) -> str:
    reason = f" {markdown(as_sentence(finding.method_reason))}" if finding.method_reason else ""
    tested = {"interact": 2, "predict": len(finding.predictors)}.get(finding.kind, 1)
    columns = dict.fromkeys((*finding.predictors[tested:], *finding.covariates))
    held = f" Held constant: {markdown(', '.join(columns))}." if columns else ""
    refuted = f" What would have refuted it: {markdown(ended(finding.refuted_by))}" if finding.refuted_by else ""
    return f"**Method**: {markdown(finding.method_title)}, on {markdown(finding.dataset)}.{reason}{held}{refuted}"


def _figure(finding: Finding, figures: Mapping[str, str]) -> Iterator[str]:
    if finding.figure is not None:
        path = figures.get(finding.figure, finding.figure)
        yield from (f"![{markdown(finding.figure_caption or finding.hypothesis)}](<{_path(path)}>)", "")


def _path(path: str) -> str:
    """A link's destination: no character of it can end the link or the line."""
    return "".join(letter if letter.isalnum() or letter in "/._-~:%()" else f"%{ord(letter):02X}" for letter in path)


def _group(group: Group) -> tuple[str, ...]:
    mean = "" if group.mean is None else numbers.mean(group.mean, group.sd, group.n)
    spread = "" if group.sd is None else numbers.mean(group.sd, group.sd, group.n)
    values = (group.median, group.low, group.high)
    return (group.label, numbers.count(group.n), _share(group), mean, spread, *(_cell(value) for value in values))


def _share(group: Group) -> str:
    if group.n_success is None or group.n == 0:
        return ""
    return f"{numbers.percent(group.n_success / group.n)} ({numbers.count(group.n_success)})"


def _cell(value: float | None) -> str:
    return "" if value is None else numbers.number(value)


def _term(term: Term) -> tuple[str, ...]:
    p = "" if term.p_value is None else numbers.p_value(term.p_value).removeprefix("= ")
    n = "" if term.n is None else numbers.count(term.n)
    own = Effect(name="", label="", value=term.estimate, low=term.low, high=term.high, level=0)
    ends = ("" if end is None else numbers.in_effect_units(end, own) for end in (term.low, term.high))
    middle = (numbers.estimate(own), *ends, _cell(term.statistic))
    return (term.name, *middle, p, term.adjustment or "", n)


def _cut(finding: Finding) -> str:
    if len(finding.terms) <= MOST_TERMS:
        return ""
    return f" (the first {MOST_TERMS} of {numbers.count(len(finding.terms))}; report.json has all)"


def _beside(result: TestResult) -> tuple[str, ...]:
    p = "" if result.p_value is None else numbers.p_value(result.p_value).removeprefix("= ")
    effect = f"{result.effect.name} ({result.effect.label}) {numbers.estimate(result.effect)}"
    return (result.title, result.estimand, effect, numbers.interval(result.effect), p, numbers.count(result.n_analysed))


def _measures(finding: Finding) -> Iterator[tuple[str, str, str]]:
    for measure in finding.measures:
        yield measure.name, numbers.number(measure.value), measure.meaning


def _authors(finding: Finding) -> str:
    analysis = f"; analysis by {markdown(finding.analysis_author)}" if finding.analysis_author else "; no analysis was written"
    hypothesis, design = markdown(finding.author), markdown(finding.design_author)
    written = f"hypothesis by {hypothesis}, design by {design}{analysis}"
    held = f", in the sandbox {finding.rung}" if finding.rung != "no sandbox" else ""
    return f"*{markdown(finding.id)}: {written}; numbers and verdict are computed{held}.*"
