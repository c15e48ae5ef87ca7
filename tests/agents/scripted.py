"""A scripted asker: a small real implementation of the `Asker` protocol that answers from a script and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kosmos_graph.domain.calls import CallUsage
from kosmos_graph.errors import Malformed, ModelError
from kosmos_graph.providers.asking import Prompt

T = TypeVar("T", bound=BaseModel)
Answer = Mapping[str, Any] | ModelError
TRIES = 3


@dataclass(frozen=True)
class Asked:
    """One request: its prompt, the JSON schema of the reply, and the reasons given when the reply before it was sent back."""

    prompt: Prompt
    schema: dict[str, Any]
    name: str
    reasons: tuple[str, ...] = ()


def first_offered(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A reply that takes the first of every closed set, the shortest list that fits, and a plain sentence for every text."""
    return _fill(schema, schema)


def _fill(part: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    if "$ref" in part:
        return _fill(whole["$defs"][part["$ref"].rsplit("/", 1)[1]], whole)
    if "enum" in part:
        return part["enum"][0]
    match part["type"]:
        case "object":
            return {name: _fill(value, whole) for name, value in part["properties"].items()}
        case "array":
            wanted = part.get("minItems", 1 if "$ref" in part["items"] else 0)
            return [_fill(part["items"], whole) for _ in range(wanted)]
        case _:
            return "This is said in plain words."


@dataclass
class ScriptedAsker:
    """Answers each ask with the next of `answers`, and, when those are used up, as `otherwise` says.

    A ModelError among the answers is raised. A reply that does not fit, or that `check` sends back, is asked for again with the
    reasons, three times in all; then Malformed is raised, as by the real one.
    """

    answers: Iterable[Answer] = ()
    otherwise: Callable[[Mapping[str, Any]], Mapping[str, Any]] = first_offered
    model: str = "scripted"
    usage: list[CallUsage] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = list(self.answers)

    async def ask(self, prompt: Prompt, schema: type[T], check: Callable[[T], tuple[str, ...]] | None = None) -> T:
        reasons: tuple[str, ...] = ()
        for _ in range(TRIES):
            form = schema.model_json_schema()
            self.asked.append(Asked(prompt, form, schema.__name__, reasons))
            self.usage.append(CallUsage(model=self.model, role="designer", input_tokens=1, output_tokens=1, cost=None))
            try:
                reply = schema.model_validate(self._next(form))
            except ValidationError as error:
                reasons = tuple(problem["msg"] for problem in error.errors())
                continue
            reasons = check(reply) if check is not None else ()
            if not reasons:
                return reply
        raise Malformed(f"no valid {schema.__name__}: {'; '.join(reasons)}", model=self.model)

    def _next(self, form: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self._left.pop(0) if self._left else self.otherwise(form)
        if isinstance(answer, ModelError):
            raise answer
        return answer

    @property
    def schemas(self) -> list[str]:
        """Names of the replies asked for, in order."""
        return [asked.name for asked in self.asked]

    @property
    def texts(self) -> str:
        """Everything that was said to the model."""
        return "\n".join(f"{asked.prompt.system}\n{asked.prompt.user}\n{asked.schema}" for asked in self.asked)
