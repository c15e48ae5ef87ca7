"""Recordings: a run's calls in a file that people can read, from which the run is repeated without any model.

A recording comes from anywhere: what it holds is data of the forms below, and never a path, an address or a key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kosmos_graph.data.sheet_text import plain_sheet
from kosmos_graph.domain.calls import AgentRole, Call, CallSite
from kosmos_graph.domain.design import LockedPlan
from kosmos_graph.domain.question import Options
from kosmos_graph.errors import BadInput, BudgetReached, KosmosError, RunStopped
from kosmos_graph.providers.names import RULES, ModelSpec
from kosmos_graph.providers.prices import Price
from kosmos_graph.providers.scrubbing import scrub
from kosmos_graph.run_folder import write_whole
from kosmos_graph.wiring.models import Link

FORMAT = "kosmos-graph recording"
VERSION = 1
LARGEST = 64 << 20
"""Bytes of a recording that is read."""
DEEPEST = 24
"""Lists and mappings inside each other in a recording that is read."""
_LARGEST_NUMBER = 2**53
_STOPS: dict[str, type[KosmosError]] = {cls.__name__: cls for cls in (BadInput, BudgetReached, RunStopped)}


class _Held(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RecordedModel(_Held):
    """What of a model's specification is part of a request, and its price in US dollars for a token in and out, if known."""

    route: str
    loopback: bool
    max_tokens: int = Field(ge=1)
    temperature: float | None
    price: tuple[float, float] | None = None


class RecordedStop(_Held):
    """Why a recorded run went no further."""

    kind: Literal["BadInput", "BudgetReached", "RunStopped"]
    reason: str


class RecordedRun(_Held):
    """How a run was begun and decided on. `about` is the study sheet's content; `decisions` answer its plans, in their order."""

    question: str
    about: dict[str, Any] | None
    options: Options
    approve: bool
    decisions: tuple[dict[str, Any], ...] = ()
    chains: dict[AgentRole, tuple[str, ...]]
    versions: dict[str, str]
    stop: RecordedStop | None = None


class Recording(_Held):
    """A recording as it is held: the run, its data (name and SHA-256), its models by their names, and its calls in order.

    Of the calls the run's id is left out, so that equal runs make equal recordings but for clock fields.
    """

    format: Literal["kosmos-graph recording"]
    version: Literal[1]
    run: RecordedRun
    data: tuple[tuple[str, str], ...]
    models: dict[str, RecordedModel]
    calls: tuple[Call, ...]

    @model_validator(mode="after")
    def _complete(self) -> Recording:
        """Every link of both chains is a recorded model, or `rules`."""
        for role in ("designer", "analyst"):
            chain = self.run.chains.get(role, ())
            if not chain or not set(chain) <= {*self.models, RULES}:
                raise ValueError(f"the {role}'s chain of models is not whole")
        return self

    def chain(self, role: AgentRole) -> tuple[Link, ...]:
        """The models of a role, without keys or addresses: none of them is asked."""
        return tuple(name if name == RULES else self._spec(name) for name in self.run.chains[role])

    def price_of(self, spec: ModelSpec) -> Price | None:
        """The price that a model had."""
        price = self.models[spec.name].price
        return None if price is None else Price(*price)

    @property
    def stop(self) -> KosmosError | None:
        """What stopped the run."""
        return None if self.run.stop is None else _STOPS[self.run.stop.kind](self.run.stop.reason)

    def _spec(self, name: str) -> ModelSpec:
        return ModelSpec(name, provider="recording", **self.models[name].model_dump(exclude={"price"}))


def recording_of(
    record: Mapping[str, Any],
    state: Mapping[str, Any],
    calls: Iterable[Call],
    models: Mapping[str, tuple[ModelSpec, Price | None]],
) -> Recording:
    """What a run asked and was answered, from its record and state; of several sessions the last word on each request."""
    last = {(call.site.node, call.site.branch, call.site.attempt, call.digest, call.number): call for call in calls}
    about = record["about"]
    return Recording(
        format=FORMAT,
        version=VERSION,
        run=RecordedRun(
            question=record["question"],
            about=plain_sheet(Path(about)) if isinstance(about, str) else about,
            options=record["options"],
            approve=record["approve"],
            decisions=_decisions(state),
            chains=record["chains"],
            versions=record.get("versions") or {},
            stop=_stop(record),
        ),
        data=tuple(sorted((Path(card.path).name, card.sha256) for card in (state.get("cards") or {}).values())),
        models={name: _model(spec, price) for name, (spec, price) in models.items()},
        calls=tuple(call.model_copy(update={"site": call.site.model_copy(update={"run": ""})}) for call in last.values()),
    )


def write_recording(path: Path, recording: Recording) -> None:
    """Write a recording, scrubbed. Raises StoreError."""
    content = recording.model_dump(mode="json")
    content["calls"] = [_readable(call) for call in content["calls"]]
    write_whole(path, (json.dumps(_scrubbed(content), indent=1, ensure_ascii=False) + "\n").encode())


def read_recording(path: Path) -> Recording:
    """A recording from its file. Raises BadInput for one that is none, is too large or too deep, or of another version."""
    content = _content(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadInput(f"{path} is no recording of a run: `run --record FILE` makes one")
    if content.get("version") != VERSION:
        found = content.get("version")
        shown = found if isinstance(found, int) else "that is no number"
        raise BadInput(f"{path} is a recording of version {shown}, and this version reads {VERSION}")
    try:
        return Recording.model_validate({**content, "calls": [_compact(call) for call in content.get("calls") or ()]})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:100]
        raise BadInput(f"the recording {path} is damaged: {where or 'it'}: {first['msg']}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadInput(f"the recording {path} is damaged: a call has not the form of one") from error


def check_place(path: Path, read: Sequence[Path]) -> None:
    """Raises BadInput for a place where no recording can be written, or where something else would be lost by it.

    `read` are files that the run reads.
    """
    path = path.expanduser()
    if not path.absolute().parent.is_dir() or (path.exists() and not path.is_file()):
        raise BadInput(f"a recording cannot be written to {path}: name a file in a folder that exists")
    if any(path.resolve() == one.expanduser().resolve() for one in read) or (path.is_file() and not _may_be_replaced(path)):
        raise BadInput(f"{path} holds something else than a recording, which would be lost: name another file")


def check_data(recording: Recording, found: Iterable[tuple[str, str]]) -> None:
    """Raises BadInput where the data files (name and SHA-256) are not those of the recording."""
    given = tuple(sorted(found))
    if given != tuple(sorted(recording.data)):
        raise BadInput(
            f"the recording was made with {_listed(recording.data)}, and given were {_listed(given)}: give the same files"
        )


def _listed(files: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({digest[:12]}…)" for name, digest in sorted(files)) or "no data"


def _may_be_replaced(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(200)
    return not head or FORMAT.encode() in head


def _content(path: Path) -> object:
    try:
        if not path.is_file():
            raise BadInput(f"the recording {path} cannot be read: there is no such file")
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise BadInput(f"{path} is too large for a recording: {LARGEST >> 20} MB are read")
        content = json.loads(text.decode("utf-8"))
        _check(content, DEEPEST)
    except RecursionError:
        raise BadInput(f"the recording {path} cannot be read: it is nested too deeply") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"the recording {path} cannot be read: {error}") from error
    return content


def _check(value: object, room: int) -> None:
    """Raises ValueError for what JSON can hold and no recording does."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int | float):
        if not abs(value) <= _LARGEST_NUMBER:
            raise ValueError("it holds a number that is too large, or none")
    elif isinstance(value, list | dict):
        if not room:
            raise ValueError("it is nested too deeply")
        for one in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(one, room - 1)


def _model(spec: ModelSpec, price: Price | None) -> RecordedModel:
    return RecordedModel(
        route=spec.route,
        loopback=spec.loopback,
        max_tokens=spec.max_tokens,
        temperature=spec.temperature,
        price=None if price is None else (price.input, price.output),
    )


def _decisions(state: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """What a person decided on each plan that waited, read off the plans as they left them."""
    plans: list[LockedPlan] = sorted((state.get("approved") or {}).values(), key=lambda plan: plan.cycle)
    return tuple(
        {
            "strike": list(plan.struck),
            "edit": {
                design.hypothesis: design.model_dump(mode="json", exclude={"key", "author", "hypothesis"})
                for design in plan.designs
                if design.author == "user"
            },
        }
        for plan in plans
        if plan.approved_by == "user"
    )


def _stop(record: Mapping[str, Any]) -> RecordedStop | None:
    status, reason = record["status"], record.get("detail") or "it was stopped"
    if status in ("stopped", "failed"):
        kind = record.get("error")
        return RecordedStop(kind=kind if kind in _STOPS else "RunStopped", reason=reason)
    return RecordedStop(kind="RunStopped", reason="the recorded run was stopped here") if status == "interrupted" else None


def _scrubbed(value: Any) -> Any:
    """The same without keys, text by text: in JSON's own spelling a key could take the mark that ends its text with it."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, list):
        return [_scrubbed(one) for one in value]
    return {scrub(name): _scrubbed(one) for name, one in value.items()} if isinstance(value, dict) else value


def _readable(call: dict[str, Any]) -> dict[str, Any]:
    """A call with its texts as lists of lines, and without what is empty."""
    lines = {"messages": [[role, text.split("\n")] for role, text in call["messages"]], "reply": call["reply"].split("\n")}
    return {name: value for name, value in {**call, **lines}.items() if value not in (None, "", [""]) and value is not False}


def _compact(call: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `_readable`."""
    messages = tuple((role, "\n".join(lines)) for role, lines in call["messages"])
    site = CallSite(**{**call["site"], "run": ""})
    return {**call, "site": site, "messages": messages, "reply": "\n".join(call.get("reply", ()))}
