"""What is true of every recorded call: readable, without secrets, told where it comes from, used by a test, and complete."""

from __future__ import annotations

import ast
import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import vcr
import yaml
from pydantic import BaseModel

from kosmos_graph.providers import ChatAsker, Limits, Prompt, RetryPolicy, resolve
from kosmos_graph.providers.scrubbing import HIDDEN, scrub
from tests import recording
from tests.conftest import CASSETTES

FILES = sorted(CASSETTES.rglob("*.yaml"))
TESTS = Path(__file__).parent
WHOLE = CASSETTES / "wire" / "structured_call-openai.yaml"
SECRET_HEADERS = {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "set-cookie", "x-amz-security-token"}
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CASSETTES)))


@each_file
def test_a_cassette_holds_no_secret(path):
    text = path.read_text(encoding="utf-8")
    assert HIDDEN not in scrub(text)
    assert "wire-test-key" not in text
    for exchange in yaml.safe_load(text)["interactions"]:
        headers = {**exchange["request"]["headers"], **exchange["response"]["headers"]}
        assert {name.lower() for name in headers}.isdisjoint(SECRET_HEADERS)


@each_file
def test_a_cassette_says_what_answered(path):
    assert str(yaml.safe_load(path.read_text(encoding="utf-8"))["recorded_from"]).strip()
    assert f"`{path.parent.name}/`" in (CASSETTES / "README.md").read_text(encoding="utf-8")


@each_file
def test_a_cassette_belongs_to_a_test(path):
    modules = list(TESTS.rglob(f"test_{path.parent.name}.py"))
    functions = {name for module in modules for name in _tests_of(module)}
    assert f"test_{re.split('-', path.stem)[0]}" in functions


def _tests_of(module: Path) -> set[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@each_file
def test_a_cassette_survives_being_read_and_written(path):
    text = path.read_text(encoding="utf-8")
    serializer = recording.ReadableYaml(yaml.safe_load(text)["recorded_from"])
    read = serializer.deserialize(text)
    read.pop("recorded_from")
    assert serializer.serialize(read) == text


@pytest.mark.parametrize(
    "body",
    [
        '{"a": [1, null, "ü"]}',
        '{"a": 1}\n{"a": 2}\n',
        'data: {"a": 1}\n\ndata: [DONE]\n\n',
        "event: x\ndata: {}\n\n",
        "<html>plain</html>",
        "",
        None,
    ],
)
def test_a_body_comes_back_with_the_same_meaning(body):
    assert recording.unpacked(recording.packed(body)) == body


class Choice(BaseModel):
    """The reply that the cassette was recorded for."""

    method: str


def _replay(path: Path, question: str) -> int:
    """Ask over a cassette, without a network; how many exchanges were left over."""
    recorder = vcr.VCR(record_mode="none")
    recording.configure(recorder, "nowhere")
    naps: list[float] = []
    spec = resolve("gpt-4-turbo", api_base="http://127.0.0.1:18431/v1", limits=Limits(max_tokens=200))
    with recorder.use_cassette(str(path), **recording.configuration()) as cassette, ThreadPoolExecutor(1) as pool:
        asker = ChatAsker(spec, "designer", RetryPolicy(sleep=naps.append))
        try:
            pool.submit(asyncio.run, asker.ask(Prompt("You choose a method.", question), Choice)).result()
        finally:
            assert naps == []
        return len(cassette) - int(cassette.play_count)


def test_a_request_that_is_not_recorded_is_a_miss_and_is_never_tried_again():
    with pytest.raises(Exception, match="json_body") as caught:
        _replay(WHOLE, "Another question?")
    assert type(caught.value).__name__ == recording.MISS


def test_a_cassette_without_one_of_its_exchanges_fails(tmp_path):
    cassette = yaml.safe_load(WHOLE.read_text(encoding="utf-8"))
    cassette["interactions"] = []
    shorter = tmp_path / "shorter.yaml"
    shorter.write_text(yaml.safe_dump(cassette), encoding="utf-8")
    with pytest.raises(Exception, match="play back") as caught:
        _replay(shorter, "Two groups. Which method?")
    assert type(caught.value).__name__ == recording.MISS
