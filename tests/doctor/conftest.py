"""A provider that runs, settings for a model at it, and the command line."""

from __future__ import annotations

import socket
import sys

import pytest

from kosmos_graph.cli import main
from kosmos_graph.doctor import examine
from kosmos_graph.settings import load_settings
from tests.doctor.provider import Provider, openai_list

KEY = "unmistakable-secret-of-the-tests-0123456789"


@pytest.fixture
def provider():
    with Provider({"/v1/models": openai_list("small", "large")}) as server:
        yield server


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def free_port():
    """A port of this machine on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def settings(provider, home):
    """Settings for a model of the provider; names of further settings may be given."""

    def make(model="openai/small", **more):
        given = {"litellm_model": model, "litellm_api_base": provider.base(), "litellm_api_key": KEY, "kosmos_home": home}
        return load_settings(**{**given, **more})

    return make


@pytest.fixture
def look(settings):
    """Examine a model of the provider: findings by check, of the model and of the home folder, and the diagnosis."""

    def call(model="openai/small", *, offline=False, free_only=False, **more):
        diagnosis = examine(settings(model, **more), offline=offline, free_only=free_only)
        return {finding.check: finding for finding in diagnosis.findings}, diagnosis

    return call


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path, home):
    """The command line: exit code, stdout, stderr."""
    monkeypatch.setenv("KOSMOS_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kosmos-graph", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture
def at_provider(monkeypatch, provider):
    """The environment names a model of the provider."""
    monkeypatch.setenv("LITELLM_MODEL", "openai/small")
    monkeypatch.setenv("LITELLM_API_BASE", provider.base())
    monkeypatch.setenv("LITELLM_API_KEY", KEY)
    return provider
