"""Routers are total: whatever the state holds, they name a node that exists."""

import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.types import Send

from kosmos_graph.domain.analysis import ClaimsCheck, Rejection
from kosmos_graph.domain.calls import ModelFailure
from kosmos_graph.domain.design import Review
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan, Target
from kosmos_graph.domain.results import Execution
from kosmos_graph.graph import routing
from kosmos_graph.graph.state import Abandoned, Conflict

HYPOTHESIS = Hypothesis(
    id="c1h1",
    cycle=1,
    statement="s",
    rationale="r",
    task="compare",
    expects="effect",
    direction=None,
    target=Target(dataset="d", outcome="y"),
    author="rules",
)
CONFLICT = Conflict(texts=("a", "b"))
KEYS = st.sampled_from(["c1", "c2", "c1h1", "c1h1g1", "c1h1g2", "c1h1g3", "synthesisg1", "c1h1/analyse_study/analyst/0", ""])
HELD = st.sampled_from(
    [
        CONFLICT,
        ResearchPlan(),
        ResearchPlan(hypotheses=(HYPOTHESIS,)),
        Review(key="c1h1g1", items=(), rigour=1, completeness=1, feasibility=1),
        Execution(key="c1h1g1", design="c1h1g1", status="failed"),
        ClaimsCheck(key="synthesisg1", accepted=(), rejected=(Rejection(text="t", reason="r"),)),
        Abandoned(reason="r"),
        ModelFailure(role="analyst", node="analyse_study", branch="c1h1", link=0, model="m", failure="transient", reason="r"),
    ]
)
CHANNEL_NAMES = ("proposals", "designs", "reviews", "plans", "approved", "executions", "checks", "abandoned", "failures")
CHANNELS = st.one_of(st.none(), st.dictionaries(KEYS, HELD, max_size=4))
STATES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(CHANNEL_NAMES, CHANNELS),
        "cycle": st.integers(0, 3),
        "hypothesis": st.just(HYPOTHESIS),
        "links": st.dictionaries(st.sampled_from(["designer", "analyst"]), st.integers(0, 3)),
    },
)
ROUTERS = [value for name, value in sorted(vars(routing).items()) if name.startswith("after_")]


def allowed(router):
    hint = typing.get_type_hints(router)["return"]
    parts = typing.get_args(hint) if typing.get_origin(hint) is not typing.Literal else (hint,)
    nested = [inner for part in parts for inner in (part, *typing.get_args(part))]
    literals = [part for part in nested if typing.get_origin(part) is typing.Literal]
    return {name for literal in literals for name in typing.get_args(literal)}


@pytest.mark.parametrize("router", ROUTERS, ids=lambda router: router.__name__)
def test_every_router_names_a_node_for_any_state(router):
    @settings(deadline=None, max_examples=60)
    @given(STATES)
    def check(state):
        chosen = router(state)
        if isinstance(chosen, list):
            assert chosen
            branches = {one.node for one in chosen if isinstance(one, Send)}
            assert branches <= {"design", "study"}
            assert {one for one in chosen if not isinstance(one, Send)} <= allowed(router)
        else:
            assert chosen in allowed(router)

    check()
