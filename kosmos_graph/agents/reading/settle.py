"""From the roles that a question gives its columns to claims: the kinds of the columns decide the task."""

from __future__ import annotations

from dataclasses import replace

from kosmos_graph.agents.reading.comparisons import success_of
from kosmos_graph.agents.reading.frame import Claim, Frame, Unread
from kosmos_graph.agents.reading.levels import after_and_before, comparison_levels, control_level, positive_level
from kosmos_graph.agents.reading.open_affect import predictors_of
from kosmos_graph.agents.reading.pairing import pairs_in_rows
from kosmos_graph.agents.reading.scene import Scene
from kosmos_graph.agents.reading.series import is_series
from kosmos_graph.domain.data_card import ColumnCard, Kind
from kosmos_graph.domain.filters import Filter
from kosmos_graph.domain.hypothesis import Direction, Expectation, Target, Task

UNUSABLE = (Kind.TEXT, Kind.IDENTIFIER, Kind.EMPTY)
MOST_CLAIMS = 12

Settled = tuple[tuple[Claim, ...], tuple[str, ...]]


def settle(frame: Frame, scene: Scene, covariates: tuple[str, ...], filters: tuple[Filter, ...]) -> Settled | Unread:
    """The claims of a frame, and notes on what was chosen; or why its columns cannot carry it."""
    named = (*frame.outcomes, *frame.predictors, *((frame.baseline,) if frame.baseline else ()))
    unusable = next((reason for name in named if (reason := _unusable(scene.column(name))) is not None), None)
    if unusable is not None:
        return Unread(unusable, named)
    return _as_asked(replace(frame, filters=_merged((*frame.filters, *filters), named)), scene, covariates)


def _unusable(column: ColumnCard) -> str | None:
    if column.kind in UNUSABLE:
        return f"{column.name} is {_a(column.kind)}, which cannot be analysed"
    return f"{column.name} has one value only" if column.kind.categorical and len(column.levels) < 2 else None


def _as_asked(frame: Frame, scene: Scene, covariates: tuple[str, ...]) -> Settled | Unread:
    match frame.ask:
        case "estimate" | "interact" | "predict" as ask:
            return {"estimate": _estimate, "interact": _interaction, "predict": _prediction}[ask](frame, scene)
        case "against":
            return _one(frame, "compare", _target(frame, scene, frame.outcomes[0]), covariates)
        case "paired":
            return _paired(frame, scene, covariates)
        case "trend" | "step":
            return _series(frame, scene, covariates, frame.ask)
        case "affect":
            return _affect(frame, scene, covariates)
        case "relate":
            return _relate(frame, scene, covariates)


def _a(kind: Kind) -> str:
    return {"identifier": "an identifier", "empty": "empty"}.get(kind.value, kind.value)


def _merged(filters: tuple[Filter, ...], named: tuple[str, ...]) -> tuple[Filter, ...]:
    """Without repeats; a filter on a column of the relation stays only where it selects several of its levels."""
    return tuple(dict.fromkeys(condition for condition in filters if condition.column not in named or condition.operator != "=="))


def _target(
    frame: Frame, scene: Scene, outcome: str, predictors: tuple[str, ...] = (), levels: tuple[str, str] | None = None
) -> Target:
    return Target(
        dataset=scene.card.name,
        outcome=outcome,
        predictors=predictors,
        levels=levels,
        success=_success(frame, scene.column(outcome)),
        baseline=frame.baseline,
        time=frame.time,
        reference=frame.reference,
        quantity=frame.quantity,
        quantile=frame.quantile,
        change_at=frame.change_at,
        filters=frame.filters,
    )


def _success(frame: Frame, outcome: ColumnCard) -> str | None:
    if not outcome.kind.categorical:
        return None
    if frame.success is not None and any(level.name == frame.success for level in outcome.levels):
        return frame.success if outcome.kind == Kind.BINARY or frame.quantity == "proportion" else None
    return success_of(outcome) if outcome.kind == Kind.BINARY else None


def _expects(frame: Frame) -> Expectation:
    return "no effect" if frame.equal else "effect"


def _claim(frame: Frame, task: Task, target: Target, covariates: tuple[str, ...], asked: Direction | None) -> Claim:
    expects = _expects(frame)
    return Claim(task, expects, None if expects == "no effect" else asked, target, covariates, frame.causal)


def _one(frame: Frame, task: Task, target: Target, covariates: tuple[str, ...]) -> Settled | Unread:
    if covariates and task in ("change", "trend", "step", "compare"):
        return Unread("it asks to adjust a comparison that no method here adjusts", (target.outcome, *covariates))
    return (_claim(frame, task, target, covariates, frame.direction),), frame.notes


def _estimate(frame: Frame, scene: Scene) -> Settled | Unread:
    if len(frame.predictors) > 1:
        return Unread("it asks for figures by several groupings at once", (*frame.outcomes, *frame.predictors))
    target = _target(frame, scene, frame.outcomes[0], frame.predictors)
    kind = scene.column(target.outcome).kind
    if (frame.quantity in ("mean", "quantile")) != kind.numeric:
        return Unread(f"{target.outcome} is {_a(kind)}, which has no {frame.quantity}", frame.outcomes)
    return (Claim("estimate", "estimate", None, target),), frame.notes


def _paired(frame: Frame, scene: Scene, covariates: tuple[str, ...]) -> Settled | Unread:
    kinds = {scene.column(name).kind for name in (frame.outcomes[0], frame.baseline) if name is not None}
    if len({kind.numeric for kind in kinds}) != 1:
        return Unread("the two measurements are of different kinds", frame.outcomes)
    return _one(frame, "change", _target(frame, scene, frame.outcomes[0]), covariates)


def _series(frame: Frame, scene: Scene, covariates: tuple[str, ...], task: Task) -> Settled | Unread:
    outcome, time = frame.outcomes[0], frame.time
    if time is None or not scene.column(outcome).kind.numeric:
        return Unread(f"{outcome} is {_a(scene.column(outcome).kind)}, and a trend or step needs numbers", frame.outcomes)
    if task == "trend" and not is_series(scene.card, scene.sheet) and scene.column(time).kind.numeric:
        plain = replace(frame, time=None)
        target = _target(plain, scene, outcome, (time,))
        return (_claim(frame, "associate", target, covariates, frame.direction),), frame.notes
    return _one(frame, task, _target(frame, scene, outcome), covariates)


def _affect(frame: Frame, scene: Scene, covariates: tuple[str, ...]) -> Settled | Unread:
    outcome = scene.column(frame.outcomes[0])
    if len(frame.outcomes) != 1:
        return Unread("it asks what affects several outcomes at once: ask about one", frame.outcomes)
    if not (outcome.kind.numeric or outcome.kind == Kind.BINARY):
        return Unread(f"{outcome.name} is {_a(outcome.kind)}, and a regression needs numbers or two levels", frame.outcomes)
    notes = frame.notes
    predictors = frame.predictors
    if not predictors:
        predictors, more = predictors_of(outcome, scene.card, scene.sheet)
        notes += more
    if not predictors:
        return Unread(f"the data have no column that could affect {outcome.name}", frame.outcomes)
    claims = tuple(
        _claim(
            frame,
            "affect",
            _target(frame, scene, outcome.name, (name,), _levels_of(scene.column(name), None)),
            (*(other for other in predictors if other != name), *covariates),
            frame.direction if len(predictors) == 1 else None,
        )
        for name in predictors
    )
    return claims, notes


def _interaction(frame: Frame, scene: Scene) -> Settled | Unread:
    """Of a group and a number the group comes first: it has slopes, which differ."""
    outcome = scene.column(frame.outcomes[0])
    if not (outcome.kind.numeric or outcome.kind == Kind.BINARY):
        return Unread(
            f"{outcome.name} is {_a(outcome.kind)}, and an interaction is tested on numbers or two levels", frame.outcomes
        )
    predictors = tuple(sorted(frame.predictors, key=lambda name: scene.column(name).kind.numeric))
    asked = frame.levels if predictors[:1] == frame.predictors[:1] else None
    target = _target(frame, scene, outcome.name, predictors, _levels_of(scene.column(predictors[0]), asked))
    return (_claim(frame, "interact", target.model_copy(update={"interaction": True}), (), frame.direction),), frame.notes


def _prediction(frame: Frame, scene: Scene) -> Settled | Unread:
    outcome, notes, predictors = scene.column(frame.outcomes[0]), frame.notes, frame.predictors
    if not (outcome.kind.numeric or outcome.kind == Kind.BINARY):
        return Unread(f"{outcome.name} is {_a(outcome.kind)}, and a prediction is made of numbers or two levels", frame.outcomes)
    if not predictors:
        predictors, more = predictors_of(outcome, scene.card, scene.sheet)
        notes += more
    if not predictors:
        return Unread(f"the data have no column that could foretell {outcome.name}", frame.outcomes)
    target = _target(frame, scene, outcome.name, predictors)
    return (_claim(frame, "predict", target, (), "positive"),), notes


def _levels_of(predictor: ColumnCard, asked: tuple[str, str] | None) -> tuple[str, str] | None:
    """(A, B) of a comparison: as asked, else both levels of a column that has two."""
    if asked is not None or not predictor.kind.categorical:
        return asked
    return comparison_levels(predictor) if len(predictor.levels) == 2 else None


def _relate(frame: Frame, scene: Scene, covariates: tuple[str, ...]) -> Settled | Unread:
    pairs = [(y, x) for y in frame.outcomes for x in frame.predictors if x != y]
    if not pairs or len(pairs) > MOST_CLAIMS:
        return Unread(
            "it names too many columns at once" if pairs else "it names only one column", (*frame.outcomes, *frame.predictors)
        )
    claims: list[Claim] = []
    notes = list(frame.notes)
    for y, x in pairs:
        settled = _pair(frame, scene, scene.column(y), scene.column(x), covariates)
        if isinstance(settled, Unread):
            return settled
        claims.append(settled[0])
        notes += [note for note in settled[1] if note not in notes]
    return tuple(claims), tuple(notes)


def _pair(
    frame: Frame, scene: Scene, y: ColumnCard, x: ColumnCard, covariates: tuple[str, ...]
) -> tuple[Claim, tuple[str, ...]] | Unread:
    if Kind.DATETIME in (y.kind, x.kind):
        return _with_time(frame, scene, y, x)
    if _swapped(y, x, frame.mutual):
        note = f"{x.name} was compared between the levels of {y.name}: the question reads the same in both directions."
        swapped = replace(frame, levels=None, success=None, direction=None if len(y.levels) > 2 else frame.direction)
        return _plain(swapped, scene, x, y, covariates, (note,) if not frame.mutual else ())
    if _ranked(frame, y, x, covariates):
        note = f"The ranks of {y.name} and {x.name} were compared, which reads the same in both directions."
        return _plain(frame, scene, x, y, covariates, (note,))
    return _plain(frame, scene, y, x, covariates, ())


def _ranked(frame: Frame, y: ColumnCard, x: ColumnCard, covariates: tuple[str, ...]) -> bool:
    """Whether a number is asked to rise or fall along ordered levels: groups have no direction, ranks do."""
    along = y.kind.numeric and x.kind == Kind.ORDINAL and len(x.levels) > 2 and frame.levels is None
    return along and frame.direction is not None and not (covariates or frame.causal or frame.quantity or frame.equal)


def _swapped(y: ColumnCard, x: ColumnCard, mutual: bool) -> bool:
    """Whether outcome and predictor change places, because only then there is a method for them."""
    if y.kind == Kind.NOMINAL and x.kind.numeric:
        return True
    if y.kind == Kind.BINARY and x.kind.numeric:
        return mutual and positive_level(y) is None
    return mutual and y.kind.categorical and x.kind == Kind.BINARY and y.kind == Kind.NOMINAL


def _plain(
    frame: Frame, scene: Scene, y: ColumnCard, x: ColumnCard, covariates: tuple[str, ...], notes: tuple[str, ...]
) -> tuple[Claim, tuple[str, ...]] | Unread:
    adjusted = covariates or (_confounders(scene, y, x) if frame.causal else ())
    moments = pairs_in_rows(scene, x, frame.levels) if frame.levels is not None and x.kind.numeric and not adjusted else None
    if moments is not None:
        target = _target(frame, scene, y.name, (x.name,), frame.levels).model_copy(update={"pair": moments})
        return _claim(frame, "change", target, (), frame.direction), notes
    if x.kind.numeric or (y.kind == Kind.NOMINAL) or (y.kind == x.kind == Kind.ORDINAL):
        return _claim(frame, "associate", _target(frame, scene, y.name, (x.name,)), adjusted, _defined(frame, y, x)), notes
    levels = _levels_of(x, frame.levels)
    asked = frame.direction if levels is not None and (frame.levels is not None or control_level(x) is not None) else None
    target = _target(frame, scene, y.name, (x.name,), levels)
    if adjusted:
        return _claim(frame, "affect", target, adjusted, asked), notes
    paired = pairs_in_rows(scene, x, levels)
    if paired is not None:
        return _claim(
            frame,
            "change",
            target.model_copy(update={"pair": paired, "levels": frame.levels or after_and_before(x) or levels}),
            (),
            asked,
        ), notes
    task: Task = "associate" if y.kind == Kind.BINARY and levels is None else "compare"
    return _claim(frame, task, target, (), asked), notes


def _defined(frame: Frame, y: ColumnCard, x: ColumnCard) -> Direction | None:
    """A direction only where the relation has one: numbers or ordered levels on both sides, or a yes/no outcome."""
    ordered = (Kind.CONTINUOUS, Kind.COUNT, Kind.ORDINAL)
    return frame.direction if x.kind in ordered and (y.kind in ordered or y.kind == Kind.BINARY) else None


def _confounders(scene: Scene, y: ColumnCard, x: ColumnCard) -> tuple[str, ...]:
    declared = scene.sheet.covariates_with("confounder", "pre-treatment")
    return tuple(name for name in declared if name not in (y.name, x.name) and scene.card.column(name) is not None)


def _with_time(frame: Frame, scene: Scene, y: ColumnCard, x: ColumnCard) -> tuple[Claim, tuple[str, ...]] | Unread:
    outcome, time = (y, x) if x.kind == Kind.DATETIME else (x, y)
    if not outcome.kind.numeric:
        return Unread(
            f"{outcome.name} is {_a(outcome.kind)}, and a trend over {time.name} needs numbers", (outcome.name, time.name)
        )
    target = _target(replace(frame, time=time.name), scene, outcome.name)
    return _claim(frame, "trend", target, (), frame.direction), ()
