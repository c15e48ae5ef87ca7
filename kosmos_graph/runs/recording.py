"""Recordings: a run's calls in a file that people can read, from which the run is repeated without any model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kosmos_graph.checkpoints.forking import thread
from kosmos_graph.checkpoints.sqlite import open_saver
from kosmos_graph.domain.calls import Call, CallSite
from kosmos_graph.errors import BadInput
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.scrubbing import scrub
from kosmos_graph.run_folder import write_whole
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.servers import specs_of

FORMAT = "kosmos-graph recording"
VERSION = 1
LARGEST = 256 << 20
"""Bytes of a recording that is read."""

_KEPT = ("question", "about", "options", "approve", "chains", "versions")


class RecordedModel(BaseModel):
    """What of a model's specification is part of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    route: str
    loopback: bool
    max_tokens: int
    temperature: float | None


class Recording(BaseModel):
    """A recording as it is held: how the run was begun, its data by name and SHA-256, its models, and its calls in order.

    Of the calls the run's id is left out, so that equal runs make equal recordings but for clock fields.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    version: int
    run: dict[str, Any]
    data: dict[str, str]
    models: dict[str, RecordedModel]
    calls: tuple[Call, ...]

    def chain(self, role: str) -> tuple[str | ModelSpec, ...]:
        """The models of a role, without keys or addresses: none of them is asked."""
        return tuple(self._link(name) for name in self.run["chains"][role])

    def _link(self, name: str) -> str | ModelSpec:
        known = self.models.get(name)
        return name if known is None else ModelSpec(name, provider="recording", **known.model_dump())


def write_recording(path: Path, record: Mapping[str, Any], calls: Sequence[Call], settings: Settings) -> None:
    """Write what a run asked and was answered; of several sessions the last word on each request. Raises StoreError."""
    specs = () if record.get("replay") else specs_of(settings)
    last = {(call.site.node, call.site.branch, call.site.attempt, call.number): call for call in calls}
    recording = Recording(
        format=FORMAT,
        version=VERSION,
        run={**{name: record[name] for name in _KEPT}, "prices": record["models"].get("prices")},
        data=_fingerprints(record["id"], settings),
        models={
            spec.name: RecordedModel(
                route=spec.route, loopback=spec.loopback, max_tokens=spec.max_tokens, temperature=spec.temperature
            )
            for spec in specs
        },
        calls=tuple(call.model_copy(update={"site": call.site.model_copy(update={"run": ""})}) for call in last.values()),
    )
    content = recording.model_dump(mode="json")
    content["calls"] = [_readable(call) for call in content["calls"]]
    write_whole(path, (scrub(json.dumps(content, indent=1, ensure_ascii=False)) + "\n").encode())


def read_recording(path: Path) -> Recording:
    """A recording from its file. Raises BadInput for one that is none, or of a newer version."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path} is too large to be a recording")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"the recording {path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadInput(f"{path} is no recording of a run: `run --record FILE` makes one")
    if content.get("version") != VERSION:
        raise BadInput(f"{path} is a recording of version {content.get('version')}, and this version reads {VERSION}")
    try:
        calls = [_compact(call) for call in content.get("calls") or ()]
        recording = Recording.model_validate({**content, "calls": calls})
        recording.chain("designer"), recording.chain("analyst")
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        where = error.errors()[0]["loc"] if isinstance(error, ValidationError) else error
        raise BadInput(f"the recording {path} is damaged, at {where}") from error
    return recording


def check_data(recording: Recording, found: Mapping[str, str]) -> None:
    """Raises BadInput where the data sets (name → SHA-256) are not those of the recording."""
    if dict(found) != recording.data:
        listed = ", ".join(f"{name} ({digest[:12]}…)" for name, digest in sorted(recording.data.items())) or "no data"
        given = ", ".join(f"{name} ({digest[:12]}…)" for name, digest in sorted(found.items())) or "none"
        raise BadInput(f"the recording was made with {listed}, and given were {given}: give it the same files")


def _fingerprints(run_id: str, settings: Settings) -> dict[str, str]:
    with open_saver(settings.kosmos_home) as saver:
        found = saver.get_tuple(thread(run_id))
    cards = (found.checkpoint["channel_values"].get("cards") or {}) if found is not None else {}
    return {Path(card.path).name: card.sha256 for _, card in sorted(cards.items())}


def _readable(call: dict[str, Any]) -> dict[str, Any]:
    """A call with its texts as lists of lines, and without what is empty."""
    lines = {"messages": [[role, text.split("\n")] for role, text in call["messages"]], "reply": call["reply"].split("\n")}
    return {name: value for name, value in {**call, **lines}.items() if value not in (None, "", [""], False)}


def _compact(call: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `_readable`."""
    messages = tuple((role, "\n".join(lines)) for role, lines in call["messages"])
    site = CallSite(run="", **{name: value for name, value in call["site"].items() if name != "run"})
    return {**call, "site": site, "messages": messages, "reply": "\n".join(call.get("reply", ()))}
