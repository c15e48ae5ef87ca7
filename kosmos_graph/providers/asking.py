"""Asking a model for one valid value of a pydantic class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from kosmos_graph.domain.calls import CallUsage

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Prompt:
    """A prompt in two parts: `system` is the same for the whole run, so that prompt caches serve it; `user` ends with the ask."""

    system: str
    user: str


class Asker(Protocol):
    """A chat model as an agent sees it. One asker serves one execution of one node; `usage` lists its answered requests.

    `model` is the model's name as the user wrote it.
    """

    model: str
    usage: list[CallUsage]

    async def ask(self, prompt: Prompt, schema: type[T], check: Callable[[T], tuple[str, ...]] | None = None) -> T:
        """One valid value of `schema`, asked for by its JSON schema.

        `check` returns reasons why a value that fits the schema is still no answer. An invalid reply is asked for again with
        the reasons, a bounded number of times; then Malformed is raised. Other ModelErrors surface as they are.
        """
        ...
