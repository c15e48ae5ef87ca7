"""Where the graph goes next. Every router is a total function of the state: it cannot fail, whatever the state holds."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Send

from kosmos_graph.agents.batch import MAX_DESIGNS
from kosmos_graph.domain.design import LockedPlan, Review
from kosmos_graph.domain.results import Execution
from kosmos_graph.graph.nodes.chain import failed_here
from kosmos_graph.graph.nodes.study import designs_in_order, failed_executions
from kosmos_graph.graph.state import DesignState, ResearchState, StudyState
from kosmos_graph.graph.views import SYNTHESIS, cycle_hypotheses, generations, held, to_redraft
from kosmos_graph.ids import cycle_key, generation_key


def after_plan_research(state: ResearchState) -> list[Send] | Literal["switch_designer", "confirm_findings"]:
    """To the next model if this one gave up, to a design branch per hypothesis, or on when a later cycle brought none."""
    cycle = state.get("cycle") or 1
    if cycle_key(cycle) not in (state.get("proposals") or {}):
        return "switch_designer"
    branches = [Send("design", _frame(state, dataset=one.target.dataset) | {"hypothesis": one}) for one in cycle_hypotheses(state)]
    return branches or "confirm_findings"


def after_approve_plan(state: ResearchState) -> list[Send] | Literal["decide_next"]:
    """To a study branch per locked design, or on when none was left."""
    plan = held(state, "approved", cycle_key(state.get("cycle") or 1), LockedPlan)
    if plan is None:
        return "decide_next"
    by_id = {hypothesis.id: hypothesis for hypothesis in plan.hypotheses}
    branches = [
        Send("study", _frame(state, dataset=design.target.dataset) | {"hypothesis": by_id[design.hypothesis], "locked": design})
        for design in plan.designs
        if design.hypothesis in by_id
    ]
    return branches or "decide_next"


def _frame(state: ResearchState, *, dataset: str) -> dict[str, object]:
    start, frames = state.get("start"), state.get("frames") or {}
    frame: dict[str, object] = {"links": state["links"]} if "links" in state else {}
    if start is not None:
        frame["run_id"] = start.run_id
    if dataset in frames:
        frame["frame"] = frames[dataset]
    return frame


def after_decide_next(state: ResearchState) -> Literal["plan_research", "confirm_findings"]:
    """To another cycle if one was begun that has no plan yet."""
    begun = cycle_key(state.get("cycle") or 1)
    return "confirm_findings" if begun in (state.get("approved") or {}) else "plan_research"


def after_synthesise_findings(state: ResearchState) -> Literal["switch_analyst", "check_claims"]:
    """To the next model if this one gave up, else to the check of its claims."""
    return "switch_analyst" if failed_here(state, "analyst", "synthesise_findings", SYNTHESIS) else "check_claims"


def after_check_synthesis(state: ResearchState) -> Literal["synthesise_findings", "write_report"]:
    """Back with the reasons while claims were rejected and tries are left."""
    return "synthesise_findings" if to_redraft(state, SYNTHESIS) else "write_report"


def after_design_study(state: DesignState) -> Literal["switch_designer", "review_design"]:
    """To the next model if this one gave up, else to review."""
    hypothesis = state.get("hypothesis")
    name = hypothesis.id if hypothesis is not None else ""
    key = generation_key(name, generations(state, name, MAX_DESIGNS) + 1)
    return "review_design" if key in (state.get("designs") or {}) else "switch_designer"


def after_review_design(state: DesignState) -> Literal["design_study", "__end__"]:
    """Back with the reasons while the design was rejected and generations are left."""
    hypothesis = state.get("hypothesis")
    name = hypothesis.id if hypothesis is not None else ""
    done = generations(state, name, MAX_DESIGNS)
    review = held(state, "reviews", generation_key(name, done), Review)
    again = review is not None and not review.accepted and done < MAX_DESIGNS
    return "design_study" if again else "__end__"


def after_run_study(state: StudyState) -> list[Literal["analyse_study", "draw_study", "repair_study", "close_study"]]:
    """To the analysis and the figure, side by side; on with what code returned, which gets neither; or with the error to repair."""
    last = held(state, "executions", designs_in_order(state)[-1].key, Execution) if "locked" in state else None
    if last is None or last.status == "failed":
        return ["repair_study"]
    return ["close_study"] if last.result is None else ["analyse_study", "draw_study"]


def after_repair_study(state: StudyState) -> Literal["run_study", "switch_designer", "close_study"]:
    """To the repaired design, to the next model, or on when nothing else can be run."""
    hypothesis = state.get("hypothesis")
    if hypothesis is None or "locked" not in state or hypothesis.id in (state.get("abandoned") or {}):
        return "close_study"
    repaired = len(designs_in_order(state)) > len(failed_executions(state))
    return "run_study" if repaired else "switch_designer"


def after_analyse_study(state: StudyState) -> Literal["switch_analyst", "check_claims"]:
    """To the next model if this one gave up, else to the check of its claims."""
    hypothesis = state.get("hypothesis")
    name = hypothesis.id if hypothesis is not None else ""
    return "switch_analyst" if failed_here(state, "analyst", "analyse_study", name) else "check_claims"


def after_check_claims(state: StudyState) -> Literal["analyse_study", "close_study"]:
    """Back with the reasons while claims were rejected and tries are left."""
    subject = designs_in_order(state)[-1].key if "locked" in state else ""
    return "analyse_study" if to_redraft(state, subject) else "close_study"
