"""Fixtures for all tests: a clean environment, the loopback server, and recorded calls.

A test marked `vcr` replays `cassettes/MODULE/TEST.yaml` (both names without `test_`) with the network blocked, loopback
included. It fails when a request is not in the cassette, whatever the code made of the failure, and when an exchange is left
over. `pytest --record-mode=rewrite --recorded-from "WHAT ANSWERED" tests/…` records anew.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kosmos_graph.providers.door import WARNINGS_OF_LITELLM
from kosmos_graph.settings import OTHER_NAMES, Settings
from tests import recording
from tests.loopback import LoopbackServer

CASSETTES = Path(__file__).parent.parent / "cassettes"
_OWN_SERVER = "tests/loopback.py, a small server of the tests"
_NOWHERE = [r"(?!)"]
_ANYWHERE = [r".*"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--provider", help="the provider that the tests marked `integration` call, with your key")
    parser.addoption("--provider-model", help="another model of that provider than the tests' own")
    parser.addoption("--recorded-from", default=_OWN_SERVER, help="what answers while cassettes are recorded, for their header")


def pytest_configure(config: pytest.Config) -> None:
    for message in WARNINGS_OF_LITELLM:
        config.addinivalue_line("filterwarnings", f"ignore:{message}")


def pytest_recording_configure(config: pytest.Config, vcr: Any) -> None:
    recording.configure(vcr, config.getoption("--recorded-from"))


@pytest.fixture(autouse=True)
def _clean_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's keys, models or `.env`; those marked `integration` do."""
    if request.node.get_closest_marker("integration"):
        return
    names = {*Settings.model_fields, *(name for names in OTHER_NAMES.values() for name in names)}
    for name in list(os.environ):
        if name.lower() in names or name.upper().endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    """A running loopback server that answers "ok"; give it another `script` to change that."""
    with LoopbackServer() as server:
        yield server


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    return recording.configuration()


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    return str(CASSETTES / request.path.stem.removeprefix("test_"))


@pytest.fixture
def default_cassette_name(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", request.node.name.removeprefix("test_")).strip("-")


@pytest.fixture
def allowed_hosts(request: pytest.FixtureRequest) -> list[str]:
    """Loopback for tests with a server of their own, nothing at all for a replay, everything for a provider with one's own key."""
    if request.node.get_closest_marker("vcr"):
        return _NOWHERE
    if request.node.get_closest_marker("integration"):
        return _ANYWHERE
    return str(request.config.getoption("--allowed-hosts") or "").split(",")


@pytest.fixture(autouse=True)
def _strict_cassette(request: pytest.FixtureRequest, vcr: Any, record_mode: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail on a request that the cassette does not hold, and on exchanges that were not asked for."""
    misses = _misses(monkeypatch) if vcr is not None else []
    yield
    if misses:
        pytest.fail(f"a request is not in the cassette:\n{misses[0]}")
    if vcr is not None and record_mode == "none" and not vcr.all_played:
        pytest.fail(f"{len(vcr) - vcr.play_count} recorded exchanges were not asked for")


def _misses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages of all misses from now on, also of those that something swallows."""
    import vcr.stubs.httpx_stubs as stubs

    seen: list[str] = []
    original = getattr(stubs, recording.MISS)

    class Noted(original):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            seen.append(str(self))

    Noted.__name__ = recording.MISS
    monkeypatch.setattr(stubs, recording.MISS, Noted)
    return seen


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path):
    """The command line in this process, with a home folder of its own: arguments to exit code, standard output and error."""
    from kosmos_graph.cli import main

    monkeypatch.setenv("KOSMOS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kosmos-graph", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return ended.value.code or 0, captured.out, captured.err

    return call
