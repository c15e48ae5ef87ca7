"""Calls and sites for tests of what is kept of them."""

from __future__ import annotations

from typing import Any

from kosmos_graph.domain.calls import Call, CallSite


def site(run: str = "r-1", node: str = "analyse_study", branch: str = "c1h1", attempt: str = "c1h1g1g1/analyst/0") -> CallSite:
    return CallSite(run=run, node=node, branch=branch, attempt=attempt)


def call(**changes: Any) -> Call:
    plain = {
        "site": site(),
        "number": 1,
        "digest": "d" * 64,
        "role": "analyst",
        "model": "openai/m",
        "messages": (("system", "Be brief.\nAnd clear."), ("human", "Which?")),
        "max_tokens": 100,
        "outcome": "answered",
        "reply": "This one.\n",
        "finish_reason": "stop",
        "input_tokens": 12,
        "output_tokens": 5,
        "cost": 0.25,
        "seconds": 1.5,
        "at": "2026-01-02T03:04:05+00:00",
    }
    return Call.model_validate({**plain, **changes})
