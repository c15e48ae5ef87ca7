"""How a node uses a role's chain of models: the link in force answers, or its failure becomes a value for the next edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from kosmos_graph.domain.calls import AgentRole, CallSite, Fallback, ModelFailure
from kosmos_graph.errors import Malformed, ModelError, Refused, RunStopped, Truncated
from kosmos_graph.graph.pausing import pause
from kosmos_graph.graph.services import Link
from kosmos_graph.graph.state import CallLog

A = TypeVar("A")
_NO_GOOD = (Malformed, Refused, Truncated)
"""Failures that lie in what was answered: the same answers would be the same failure again."""


def failure_key(role: AgentRole, node: str, branch: str, link: int) -> str:
    """Key of what happened to one link of a chain at one node of one branch."""
    return f"{branch}/{node}/{role}/{link}"


def link_in_force(state: Mapping[str, Any], role: AgentRole) -> int:
    """Place in the chain of the model that a role has moved to."""
    return int((state.get("links") or {}).get(role, 0))


def failed_here(state: Mapping[str, Any], role: AgentRole, node: str, branch: str) -> bool:
    """Whether the link in force has failed at this node, so that the next one has to take over."""
    return failure_key(role, node, branch, link_in_force(state, role)) in (state.get("failures") or {})


async def ask_chain(
    state: Mapping[str, Any],
    chain: Sequence[Link[A]],
    role: AgentRole,
    node: str,
    branch: str,
    ask: Callable[[A], Awaitable[dict[str, Any]]],
    attempt: str = "",
) -> dict[str, Any]:
    """Let the link in force answer. Its failure is written down for the fallback edge; the last link's failure pauses the run.

    `attempt` tells apart several executions of the node in the same branch.
    """
    place = min(link_in_force(state, role), len(chain) - 1)
    link = chain[place]
    opened = link.open(CallSite(run=state["run_id"], node=node, branch=branch, attempt=f"{attempt}/{role}/{place}"))
    key = failure_key(role, node, branch, place)
    try:
        update = await ask(opened.agent)
    except ModelError as error:
        if place + 1 >= len(chain):
            if isinstance(error, _NO_GOOD):
                await opened.forget()
            pause(RunStopped(_exhausted(chain, role, error)))
        failure = ModelFailure(
            role=role, node=node, branch=branch, link=place, model=link.model, failure=error.kind, reason=str(error)
        )
        return {"failures": {key: failure}, **_calls(f"{key}{attempt}!", opened.usage)}
    return {**update, **_calls(f"{key}{attempt}", opened.usage)}


def call_key(node: str, branch: str, attempt: str) -> str:
    """The key of an execution's calls in the state, from the parts of its CallSite."""
    before, role, place = attempt.rsplit("/", 2)
    return f"{branch}/{node}/{role}/{place}{before}"


def _calls(key: str, usage: Sequence[Any]) -> dict[str, Any]:
    return {"calls": {key: CallLog(calls=tuple(usage))}} if usage else {}


def _exhausted(chain: Sequence[Link[Any]], role: AgentRole, error: ModelError) -> str:
    if len(chain) == 1:
        return f"the {role}'s model gave up: {error}"
    return f"every model of the {role}'s chain ({', '.join(link.model for link in chain)}) gave up; the last one: {error}"


def move_on(state: Mapping[str, Any], chain: Sequence[Link[Any]], role: AgentRole, branch: str) -> dict[str, Any]:
    """Move a role to the next link of its chain, and write down from which, to which, and why."""
    place = link_in_force(state, role)
    failure = next(
        failure
        for _, failure in sorted((state.get("failures") or {}).items())
        if failure.role == role and failure.link == place and failure.branch == branch
    )
    following = min(place + 1, len(chain) - 1)
    fallback = Fallback(
        role=role,
        node=failure.node,
        branch=branch,
        from_model=failure.model,
        to_model=chain[following].model,
        reason=failure.reason,
    )
    key = failure_key(role, failure.node, branch, place)
    return {"links": {role: following}, "fallbacks": {key: fallback}}
