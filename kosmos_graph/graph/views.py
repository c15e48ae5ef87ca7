"""What nodes read out of the state: pure functions, the same for the same state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from kosmos_graph.agents.batch import MAX_CLAIM_TRIES, MAX_DESIGNS
from kosmos_graph.agents.protocol import Evidence, Material
from kosmos_graph.domain.analysis import Analysis, ClaimsCheck, Study, Synthesis
from kosmos_graph.domain.calls import CallUsage, Fallback
from kosmos_graph.domain.design import Design, LockedPlan, Review
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan
from kosmos_graph.domain.question import Question
from kosmos_graph.domain.results import TestResult
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.state import ResearchState, StudyState
from kosmos_graph.ids import cycle_key, generation_key
from kosmos_graph.prompts import prompt_digests
from kosmos_graph.render.record import Record

T = TypeVar("T")

SYNTHESIS = "synthesis"
"""What the drafts of the synthesis are filed under, as an analysis is under its design."""

MAX_REPAIRS = 2
"""Repairs of an experiment after the lock before its hypothesis is not answered."""


def held(state: Mapping[str, Any], channel: str, key: str, kind: type[T]) -> T | None:
    """What a keyed channel holds under `key` if it is a `kind`; None for nothing, and for a conflict."""
    entries = state.get(channel)
    value = entries.get(key) if isinstance(entries, Mapping) else None
    return value if isinstance(value, kind) else None


def material_of(state: Mapping[str, Any]) -> Material:
    """What the run is about: all cards, in the order of their names, or the branch's one."""
    cards = (state["card"],) if "card" in state else tuple(card for _, card in sorted(state["cards"].items()))
    return Material(question=Question(text=state["question"]), cards=cards, sheet=state["sheet"], options=state["settled"])


def hypotheses_of(state: ResearchState) -> tuple[Hypothesis, ...]:
    """All hypotheses, by cycle and number."""
    plans = state.get("proposals") or {}
    cycles = range(1, (state.get("cycle") or 1) + 1)
    return tuple(hypothesis for cycle in cycles if cycle_key(cycle) in plans for hypothesis in plans[cycle_key(cycle)].hypotheses)


def cycle_hypotheses(state: ResearchState) -> tuple[Hypothesis, ...]:
    """The hypotheses of the cycle in force."""
    plan = held(state, "proposals", cycle_key(state.get("cycle") or 1), ResearchPlan)
    return plan.hypotheses if plan is not None else ()


def generations(state: Mapping[str, Any], hypothesis: str, bound: int) -> int:
    """How many designs of a hypothesis have been reviewed, at most `bound`."""
    reviews = state.get("reviews") or {}
    return sum(generation_key(hypothesis, number) in reviews for number in range(1, bound + 1))


def reviews_of(state: Mapping[str, Any], hypothesis: str) -> tuple[Review, ...]:
    """The reviews of a hypothesis' designs, oldest first."""
    found = (held(state, "reviews", generation_key(hypothesis, number), Review) for number in range(1, MAX_DESIGNS + 1))
    return tuple(review for review in found if review is not None)


def accepted_design(state: Mapping[str, Any], hypothesis: str) -> Design | None:
    """The design of a hypothesis that passed its review, or None."""
    for review in reviews_of(state, hypothesis):
        if review.accepted:
            design: Design = state["designs"][review.key]
            return design
    return None


def accepted_designs(state: Mapping[str, Any], hypotheses: Sequence[Hypothesis]) -> tuple[Design, ...]:
    """The accepted designs, in the order of their hypotheses; of two that are the same experiment only the first."""
    found: dict[str, Design] = {}
    for hypothesis in hypotheses:
        design = accepted_design(state, hypothesis.id)
        if design is not None:
            same = design.model_dump_json(include={"method", "target", "covariates", "alternative", "code"})
            found.setdefault(same, design)
    return tuple(found.values())


def plan_in_force(state: ResearchState, cycle: int) -> LockedPlan:
    """The plan of a cycle as approved."""
    return state["approved"][cycle_key(cycle)]


def plans_in_force(state: ResearchState) -> tuple[LockedPlan, ...]:
    """The approved plans, by cycle."""
    approved = state.get("approved") or {}
    return tuple(sorted(approved.values(), key=lambda plan: plan.cycle))


def planned_hypotheses(state: ResearchState) -> tuple[tuple[Hypothesis, Design], ...]:
    """Every hypothesis that has a locked design, with the design."""
    pairs = []
    for plan in plans_in_force(state):
        by_id = {hypothesis.id: hypothesis for hypothesis in plan.hypotheses}
        pairs += [(by_id[design.hypothesis], design) for design in plan.designs]
    return tuple(pairs)


def family_of(state: ResearchState) -> tuple[tuple[tuple[Hypothesis, TestResult], ...], int]:
    """The results to be judged, and the size of the family: every locked primary test, run or not; estimates are none, nor is
    code, unless a test took its place.
    """
    studies = state.get("studies") or {}
    entries = []
    for hypothesis, _ in planned_hypotheses(state):
        study = studies.get(hypothesis.id)
        result = study.execution.result if study is not None else None
        if result is not None:
            entries.append((hypothesis, result))
    tested = {hypothesis.id for hypothesis, _ in entries}
    size = sum(
        hypothesis.expects != "estimate" and (design.code is None or hypothesis.id in tested)
        for hypothesis, design in planned_hypotheses(state)
    )
    return tuple(entries), size


def evidence_of(state: ResearchState) -> tuple[Evidence, ...]:
    """The judged studies, in the order of their hypotheses."""
    studies, judgements = state.get("studies") or {}, state.get("judgements") or {}
    return tuple(
        Evidence(hypothesis=hypothesis, study=studies[hypothesis.id], judgement=judgements[hypothesis.id])
        for hypothesis, _ in planned_hypotheses(state)
        if hypothesis.id in judgements and hypothesis.id in studies
    )


def checked_tries(state: Mapping[str, Any], subject: str) -> int:
    """How many drafts about `subject` have been checked."""
    checks = state.get("checks") or {}
    return sum(generation_key(subject, number) in checks for number in range(1, MAX_CLAIM_TRIES + 1))


def last_check(state: Mapping[str, Any], subject: str) -> ClaimsCheck | None:
    """The check of the latest draft about `subject`, or None."""
    return held(state, "checks", generation_key(subject, checked_tries(state, subject)), ClaimsCheck)


def to_redraft(state: Mapping[str, Any], subject: str) -> bool:
    """Whether sentences of the latest draft were sent back and tries are left."""
    check = last_check(state, subject)
    return check is not None and bool(check.rejected) and checked_tries(state, subject) < MAX_CLAIM_TRIES


def best_check(state: Mapping[str, Any], subject: str) -> ClaimsCheck | None:
    """The check that left the most sentences, of all drafts about `subject`; the earliest of equals. None without a check.

    A second draft is often worse than the first, and what was licensed once is not thrown away.
    """
    keys = (generation_key(subject, number) for number in range(1, checked_tries(state, subject) + 1))
    checks = [check for key in keys if (check := held(state, "checks", key, ClaimsCheck)) is not None]
    return max(checks, key=lambda check: len(check.accepted), default=None)


def settled_analysis(state: StudyState, subject: str) -> Analysis | None:
    """The best draft of an analysis without the sentences that were not licensed, which are counted."""
    check = best_check(state, subject)
    if check is None:
        return None
    return state["analyses"][check.key].model_copy(update={"sentences": check.accepted, "dropped": len(check.rejected)})


def settled_synthesis(state: ResearchState, subject: str) -> Synthesis | None:
    """The best draft of the synthesis without the sentences that were not licensed, which are counted."""
    check = best_check(state, subject)
    if check is None:
        return None
    draft = state["syntheses"][check.key]
    return draft.model_copy(update={"sentences": check.accepted, "dropped": len(check.rejected)})


def calls_of(state: Mapping[str, Any]) -> tuple[CallUsage, ...]:
    """All answered calls, in the order of their keys."""
    return tuple(call for _, log in sorted((state.get("calls") or {}).items()) for call in log.calls)


def fallbacks_of(state: Mapping[str, Any]) -> tuple[Fallback, ...]:
    """All moves to a next model, in the order of their keys."""
    return tuple(fallback for _, fallback in sorted((state.get("fallbacks") or {}).items()))


def notes_of(state: ResearchState) -> tuple[str, ...]:
    """What the designers noted while planning, by cycle."""
    plans = state.get("proposals") or {}
    return tuple(note for _, plan in sorted(plans.items()) for note in plan.notes)


def undecided_of(state: ResearchState) -> str | None:
    """What the designer of the first cycle could not decide, if that was so."""
    plan = held(state, "proposals", cycle_key(1), ResearchPlan)
    return plan.undecided if plan is not None else None


def record_of(state: ResearchState, services: Services) -> Record:
    """Everything that the report is built from."""
    finished = services.clock()
    start = state["start"]
    studies: Mapping[str, Study] = state.get("studies") or {}
    hypotheses = hypotheses_of(state)
    return Record(
        run_id=state["run_id"],
        material=material_of(state),
        notes=notes_of(state),
        hypotheses=hypotheses,
        plans=plans_in_force(state),
        reviews={hypothesis.id: reviews_of(state, hypothesis.id) for hypothesis in hypotheses},
        studies=studies,
        judgements=state.get("judgements") or {},
        undecided=undecided_of(state),
        synthesis=settled_synthesis(state, SYNTHESIS),
        designers=tuple(link.model for link in services.designers),
        analysts=tuple(link.model for link in services.analysts),
        calls=calls_of(state),
        fallbacks=fallbacks_of(state),
        versions=services.versions,
        prompts=prompt_digests(),
        started=start.started,
        finished=finished.isoformat(),
        quote=services.quote(material_of(state)),
        seconds=(finished - _moment(start.started)).total_seconds(),
    )


def _moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)
