"""`kosmos-graph doctor` as a user meets it, where settings come from, and the free check before a run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from kosmos_graph.doctor import examine, free_check
from kosmos_graph.doctor.diagnosis import Check, Finding
from kosmos_graph.settings import Settings, load_settings
from tests.doctor.conftest import KEY
from tests.doctor.provider import WRONG_KEY
from tests.loopback import Fault

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")


def of(diagnosis, check):
    return next(finding for finding in diagnosis.findings if finding.check == check)


def test_a_run_could_start_is_exit_code_0_with_a_line_for_each_finding(cli, at_provider):
    code, out, err = cli("doctor")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "openai/small as designer and analyst"
    assert "home" in lines
    for check in ("settings", "key", "server", "model", "answer", "structured output", "usage", "price", "latency", "writable"):
        assert any(line.startswith(f"  ✓ {check}: ") for line in lines), check
    assert lines[-1] == "A run could start."


def test_a_run_could_not_start_is_exit_code_1_with_what_to_do(cli, at_provider):
    at_provider.script = [WRONG_KEY]
    code, out, _ = cli("doctor")
    assert code == 1
    assert "  ✗ key: " in out
    assert "what to do: " in out
    assert out.splitlines()[-1].startswith("A run could not start")


def test_nothing_set_is_exit_code_0(cli):
    assert cli("doctor")[0] == 0


def test_json_has_sorted_keys_and_every_finding(cli, at_provider):
    code, out, _ = cli("doctor", "--json")
    value = json.loads(out)
    assert code == 0
    assert out == json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert value["could_start"] is True
    assert {"subject", "check", "status", "detail", "remedy", "seconds"} == set(value["findings"][0])


def test_json_of_a_failure_is_exit_code_1(cli, at_provider):
    at_provider.script = [Fault(status=500)]
    code, out, _ = cli("doctor", "--json")
    assert code == 1
    assert json.loads(out)["could_start"] is False


def test_offline_makes_no_request(cli, at_provider):
    code, out, _ = cli("doctor", "--offline")
    assert code == 0
    assert at_provider.traffic == 0
    assert "  - server, model, answer, structured output, usage, latency: nothing is asked offline" in out
    assert "offline" in out


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--offline",)], ids=str)
@pytest.mark.parametrize("script", [None, WRONG_KEY, Fault(500, json.dumps({"error": {"message": f"{KEY} is bad"}}))])
def test_no_key_is_shown_anywhere(cli, at_provider, arguments, script, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "an-unmistakable-key-of-anthropic")
    if script is not None:
        at_provider.script = [script]
        at_provider.lists = {"/v1/models": script}
    _, out, err = cli(
        "doctor", "--fallback", "anthropic/claude-sonnet-4-5", "--designer", "openai/small", *arguments[:1], "--offline"
    )
    assert "an-unmistakable-key-of-anthropic" not in out + err
    _, out, err = cli("doctor", *arguments)
    assert KEY not in out + err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "opnai/gpt-4o"), "did you mean openai/gpt-4o?"),
        (("--model", "rules", "--fallback", "rules"), "should stand in for"),
        (("--fallback", "nonsense-model-that-nobody-has"), "no provider is known"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_sentence_and_exit_code_2(cli, arguments, said):
    code, out, err = cli("doctor", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_an_address_without_a_scheme_is_exit_code_2(cli, at_provider, monkeypatch):
    monkeypatch.setenv("LITELLM_API_BASE", "localhost:1234/v1")
    code, out, err = cli("doctor")
    assert (code, out) == (2, "")
    assert "http://" in err


@pytest.mark.parametrize("mark", [" ", "\n"], ids=["blank", "line end"])
def test_a_key_that_can_be_none_is_exit_code_2_and_is_neither_sent_nor_shown(cli, at_provider, monkeypatch, mark):
    monkeypatch.setenv("LITELLM_API_KEY", f"the{mark}secret")
    code, out, err = cli("doctor", "--fallback", "rules")
    assert (code, out) == (2, "")
    assert "blank" in err
    assert "secret" not in err
    assert at_provider.traffic == 0


def test_marks_that_the_terminal_cannot_print_become_plain_words(at_provider, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "kosmos_graph.cli", "doctor", "--model", "rules"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "KOSMOS_HOME": str(tmp_path / "hömé"), "PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert b"  ok settings: " in ended.stdout


def test_the_command_is_listed_and_its_options_mirror_those_of_run(cli):
    assert "doctor" in cli("--help")[1]
    offered = cli("doctor", "--help")[1]
    for option in ("--model", "--designer", "--analyst", "--fallback", "--home", "--json", "--offline"):
        assert option in offered


class TestOrigins:
    def said(self, **more):
        return of(examine(load_settings(**more), offline=True), "settings").detail

    def test_of_a_default(self):
        assert "default" in self.said()

    def test_of_an_argument(self, monkeypatch):
        monkeypatch.setenv("LITELLM_MODEL", "ollama/of-the-environment")
        assert "named by an argument" in self.said(litellm_model="ollama/x")

    def test_of_an_argument_that_says_what_the_environment_says(self, cli, monkeypatch):
        monkeypatch.setenv("LITELLM_MODEL", "rules")
        assert "named by LITELLM_MODEL in the environment" in cli("doctor")[1]
        assert "named by an argument" in cli("doctor", "--model", "rules")[1]

    def test_of_the_environment(self, monkeypatch):
        monkeypatch.setenv("LITELLM_MODEL", "ollama/x")
        monkeypatch.setenv("OLLAMA_API_BASE", "http://localhost:9999")
        said = self.said()
        assert "named by LITELLM_MODEL in the environment" in said
        assert "http://localhost:9999 (OLLAMA_API_BASE in the environment)" in said

    def test_of_the_address_that_belongs_to_the_model(self, cli, at_provider):
        assert "(LITELLM_API_BASE in the environment)" in cli("doctor", "--offline")[1]

    def test_of_another_name_for_a_variable(self, monkeypatch):
        monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:9999/v1")
        assert "OPENAI_BASE_URL in the environment" in self.said(litellm_model="openai/x", openai_api_key=KEY)

    def test_of_a_dotenv_file_whose_key_is_not_shown(self, cli, tmp_path, monkeypatch):
        (tmp_path / ".env").write_text(f"LITELLM_MODEL=openai/gpt-4o\nOPENAI_API_KEY={KEY}\n")
        monkeypatch.setitem(Settings.model_config, "env_file", ".env")
        code, out, _ = cli("doctor", "--offline")
        assert code == 0
        assert "named by LITELLM_MODEL in .env" in out
        assert "key: set by OPENAI_API_KEY in .env" in out
        assert "the default" in out
        assert KEY not in out

    def test_the_environment_beats_the_dotenv_file(self, cli, tmp_path, monkeypatch):
        (tmp_path / ".env").write_text("LITELLM_MODEL=openai/gpt-4o\n")
        monkeypatch.setitem(Settings.model_config, "env_file", ".env")
        monkeypatch.setenv("LITELLM_MODEL", "rules")
        assert "named by LITELLM_MODEL in the environment" in cli("doctor")[1]

    def test_of_the_variables_of_a_provider_without_a_key(self):
        settings = load_settings(litellm_model="bedrock/m", aws_access_key_id="AK-of-the-tests", aws_secret_access_key="hush-hush")
        found = of(examine(settings, offline=True), "key")
        assert found.status == "ok"
        assert "hush" not in found.detail


def test_a_key_that_belongs_to_another_address_is_said_not_to_be_sent(provider, home):
    local = {"litellm_model": "openai/small", "litellm_api_base": provider.base(), "openai_api_key": KEY, "kosmos_home": home}
    found = of(examine(load_settings(**local)), "key")
    assert "belongs to another address" in found.detail
    assert KEY not in provider.keys


def test_a_profile_of_amazon_counts_as_credentials(home, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    settings = load_settings(litellm_model="bedrock/m", kosmos_home=home)
    assert of(examine(settings, offline=True), "key").detail == "set by AWS_PROFILE in the environment"


def test_a_missing_address_is_a_failure_of_the_server_check(home):
    settings = load_settings(litellm_model="azure/mine", azure_api_key=KEY, kosmos_home=home)
    found = of(examine(settings), "server")
    assert found.status == "failed"
    assert "AZURE_API_BASE" in found.remedy


class TestFreeCheck:
    def test_is_empty_for_rules(self, home):
        assert free_check(load_settings(kosmos_home=home)) == ()

    def test_asks_no_model_and_lists_nothing(self, settings, provider):
        assert free_check(settings()) == ()
        assert provider.traffic == 0

    def test_names_a_missing_key_with_its_variable(self, home):
        (sentence,) = free_check(load_settings(litellm_model="openai/gpt-4o", kosmos_home=home))
        assert "OPENAI_API_KEY" in sentence

    def test_names_a_silent_server_of_a_chain_without_fallback(self, home, free_port):
        local = {"litellm_model": "ollama/x", "ollama_api_base": f"http://127.0.0.1:{free_port}", "kosmos_home": home}
        (sentence,) = free_check(load_settings(**local, kosmos_analyst_model="rules"))
        assert str(free_port) in sentence
        assert free_check(load_settings(**local, kosmos_fallback_models="rules")) == ()

    def test_names_the_home_before_the_models(self, home):
        home.write_text("in the way")
        first, second = free_check(load_settings(litellm_model="openai/gpt-4o", kosmos_home=home))
        assert str(home) in first
        assert "OPENAI_API_KEY" in second

    def test_loads_no_litellm(self, tmp_path):
        code = (
            "import sys\n"
            "from kosmos_graph.doctor import examine, free_check\n"
            "from kosmos_graph.settings import load_settings\n"
            "settings = load_settings(litellm_model='openai/gpt-4o', openai_api_key='sk-1234567890', _env_file=None)\n"
            "assert free_check(settings) == ()\n"
            "assert examine(load_settings(litellm_model='rules', _env_file=None)).could_start\n"
            "assert not {'litellm', 'httpx'} & set(sys.modules), sorted(sys.modules)\n"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("status", ["warning", "failed"])
def test_a_finding_that_is_not_as_it_should_be_needs_a_remedy(status):
    with pytest.raises(ValueError, match="remedy"):
        Finding(subject="x", check="key", status=status, detail="x")


def test_the_page_tells_of_every_check_in_order():
    assert tuple(re.findall(r"^\| ([a-z ]+) \| [A-Z]", PAGE, re.MULTILINE)) == get_args(Check)


def test_the_pages_example_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    exec(compile(example, "the example", "exec", dont_inherit=True), {})
    assert capsys.readouterr().out.splitlines()[-1] == "True"
