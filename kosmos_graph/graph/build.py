"""The topology: which node follows which. No logic stands here."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph

from kosmos_graph.graph import routing
from kosmos_graph.graph.face import ResearchGraph, with_face
from kosmos_graph.graph.nodes.design import DesignNodes
from kosmos_graph.graph.nodes.observed import observed
from kosmos_graph.graph.nodes.research import ResearchNodes
from kosmos_graph.graph.nodes.study import StudyNodes
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.state import (
    DesignOutput,
    DesignState,
    ResearchInput,
    ResearchOutput,
    ResearchState,
    StudyOutput,
    StudyState,
)

Builder = StateGraph[Any, Any, Any, Any]


def add_nodes(builder: Builder, nodes: object, names: tuple[str, ...], services: Services, *, in_branch: bool) -> None:
    """Add the methods called `names` of `nodes` as the nodes of these names."""
    for name in names:
        node: Any = observed(name, getattr(nodes, name), services, in_branch=in_branch)
        builder.add_node(name, node)


def design_graph(services: Services) -> Builder:
    """The branch for one hypothesis: design_study ⇄ review_design."""
    builder: Builder = StateGraph(DesignState, output_schema=DesignOutput)
    add_nodes(builder, DesignNodes(services), ("design_study", "review_design", "switch_designer"), services, in_branch=True)
    builder.add_edge(START, "design_study")
    builder.add_conditional_edges("design_study", routing.after_design_study)
    builder.add_edge("switch_designer", "design_study")
    builder.add_conditional_edges("review_design", routing.after_review_design)
    return builder


def study_graph(services: Services) -> Builder:
    """The branch for one locked design: run_study ⇄ repair_study, draw_study beside analyse_study ⇄ check_claims."""
    builder: Builder = StateGraph(StudyState, output_schema=StudyOutput)
    names = (
        "run_study",
        "repair_study",
        "switch_designer",
        "draw_study",
        "analyse_study",
        "switch_analyst",
        "check_claims",
        "close_study",
    )
    add_nodes(builder, StudyNodes(services), names, services, in_branch=True)
    builder.add_edge(START, "run_study")
    after_run = ["analyse_study", "draw_study", "repair_study", "close_study"]
    builder.add_conditional_edges("run_study", routing.after_run_study, after_run)
    builder.add_conditional_edges("repair_study", routing.after_repair_study)
    builder.add_edge("switch_designer", "repair_study")
    builder.add_conditional_edges("analyse_study", routing.after_analyse_study)
    builder.add_edge("switch_analyst", "analyse_study")
    builder.add_conditional_edges("check_claims", routing.after_check_claims)
    builder.add_edge("close_study", END)
    return builder


def research_graph(services: Services) -> Builder:
    """The whole run."""
    builder: Builder = StateGraph(ResearchState, input_schema=ResearchInput, output_schema=ResearchOutput)
    names = (
        "profile_data",
        "plan_research",
        "switch_designer",
        "lock_plan",
        "approve_plan",
        "decide_next",
        "confirm_findings",
        "adjust_findings",
        "synthesise_findings",
        "switch_analyst",
        "check_claims",
        "write_report",
    )
    add_nodes(builder, ResearchNodes(services), names, services, in_branch=False)
    builder.add_node("design", design_graph(services).compile())
    builder.add_node("study", study_graph(services).compile())
    builder.add_edge(START, "profile_data")
    builder.add_edge("profile_data", "plan_research")
    builder.add_conditional_edges("plan_research", routing.after_plan_research, ["design", "switch_designer", "confirm_findings"])
    builder.add_edge("switch_designer", "plan_research")
    builder.add_edge("design", "lock_plan")
    builder.add_edge("lock_plan", "approve_plan")
    builder.add_conditional_edges("approve_plan", routing.after_approve_plan, ["study", "decide_next"])
    builder.add_edge("study", "decide_next")
    builder.add_conditional_edges("decide_next", routing.after_decide_next)
    builder.add_edge("confirm_findings", "adjust_findings")
    builder.add_edge("adjust_findings", "synthesise_findings")
    builder.add_conditional_edges("synthesise_findings", routing.after_synthesise_findings)
    builder.add_edge("switch_analyst", "synthesise_findings")
    builder.add_conditional_edges("check_claims", routing.after_check_synthesis)
    builder.add_edge("write_report", END)
    return builder


def compile_research(services: Services, checkpointer: BaseCheckpointSaver[Any] | None = None) -> ResearchGraph:
    """The whole run's graph, with every face."""
    return with_face(research_graph(services).compile(checkpointer=checkpointer, name="research"))


def compile_study(services: Services) -> ResearchGraph:
    """The graph for one locked design, with every face and no checkpointer of its own."""
    return with_face(study_graph(services).compile(name="study"))
