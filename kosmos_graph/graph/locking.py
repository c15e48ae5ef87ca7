"""Locking a plan: one hash over everything that was fixed before any outcome was looked at."""

from __future__ import annotations

from typing import Any

from kosmos_graph.domain.design import LockedPlan
from kosmos_graph.ids import digest


def lock(**fixed: Any) -> LockedPlan:
    """A plan of the given fields, with the SHA-256 of their canonical JSON."""
    unlocked = LockedPlan(**fixed, sha256="")
    return unlocked.model_copy(update={"sha256": plan_digest(unlocked)})


def plan_digest(plan: LockedPlan) -> str:
    """SHA-256 of the canonical JSON of the plan without its hash."""
    return digest(plan.model_dump(mode="json", exclude={"sha256"}))


def is_intact(plan: LockedPlan) -> bool:
    """Whether the plan still has the content that its hash was taken of."""
    return plan.sha256 == plan_digest(plan)
