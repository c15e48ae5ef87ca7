"""Use of models, summed by role and model."""

from __future__ import annotations

import math
from collections.abc import Iterable

from kosmos_graph.domain.calls import CallUsage
from kosmos_graph.domain.report import RoleUsage


def usage_by_model(calls: Iterable[CallUsage]) -> tuple[RoleUsage, ...]:
    """One entry per role and model, sorted; the order of the calls does not matter, costs are summed exactly."""
    groups: dict[tuple[str, str], list[CallUsage]] = {}
    for call in calls:
        groups.setdefault((call.role, call.model), []).append(call)
    return tuple(_summed(role, model, groups[role, model]) for role, model in sorted(groups))


def _summed(role: str, model: str, calls: list[CallUsage]) -> RoleUsage:
    return RoleUsage(
        role=role,
        model=model,
        calls=len(calls),
        input_tokens=sum(call.input_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        cost=math.fsum(call.cost for call in calls if call.cost is not None),
        unknown_price_calls=sum(call.cost is None for call in calls),
        repaired_replies=sum(call.repaired for call in calls),
    )
