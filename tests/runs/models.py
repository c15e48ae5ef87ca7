"""Runs with a model on a loopback server that counts tokens, three studies side by side, at a dollar a thousand tokens."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kosmos_graph.domain.report import CLOCK_FIELDS, Report
from kosmos_graph.settings import Settings
from tests.loopback import Answer, LoopbackServer, Received, first_choice

MODEL = "openai/m"
QUESTION = "Which of dose, age and weight affect growth?"
CALLS = 11
"""What a run asks: a plan, three designs (a method, then words), three analyses, a synthesis."""


def write_growth(path: Path, rows: int = 80) -> str:
    """A CSV in which growth follows dose."""
    lines = [
        f"{1 + row % 7},{20 + (row * 31) % 40},{50 + (row * 17) % 30},{2.0 * (row % 7) + (row * 7919 % 101) / 25:.3f}"
        for row in range(rows)
    ]
    path.write_text("dose,age,weight,growth\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def counting(received: Received) -> Answer:
    """The first valid reply, for as many tokens as the prompt has fours of bytes."""
    return dataclasses.replace(first_choice(received), input_tokens=len(received.prompt.encode()) // 4)


def wrong_once(marks: str) -> Callable[[Received], Answer]:
    """Like `counting`, but the first reply to each prompt that holds `marks` is none."""
    seen: set[str] = set()

    def script(received: Received) -> Answer:
        reply = counting(received)
        if marks in received.prompt and received.prompt not in seen and "is not valid" not in received.prompt:
            seen.add(received.prompt)
            return dataclasses.replace(reply, text="I would rather not say.")
        return reply

    return script


def settings_for(server: LoopbackServer, home: Path, **more: Any) -> Settings:
    plain = {"litellm_model": MODEL, "litellm_api_base": server.base(), "kosmos_home": home, "kosmos_prices": f"{MODEL}=1000/0"}
    return Settings(**{"_env_file": None, "kosmos_loopback_calls": 3, **plain, **more})


def facts(report: Report) -> dict[str, Any]:
    """What equal runs share: all but the run's id and the clock fields."""
    content: dict[str, Any] = json.loads(report.model_dump_json())
    for name in ("id", *CLOCK_FIELDS):
        del content["run"][name]
    return content
