"""The command line, as a user meets it."""

import json
import socket
import subprocess
import sys

import pytest

from kosmos_graph.cli import main
from tests.graph.agents import write_groups

QUESTION = "Is height larger in ash than in oak?"


@pytest.fixture
def cli(monkeypatch, capsys, tmp_path):
    for name in ("LITELLM_MODEL", "LLM_PROVIDER", "KOSMOS_DESIGNER_MODEL", "KOSMOS_ANALYST_MODEL", "KOSMOS_FALLBACK_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KOSMOS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kosmos-graph", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture
def data(tmp_path):
    return write_groups(tmp_path / "groups.csv", ("height", "mass"))


def test_run_prints_the_id_first_and_the_answer_on_stdout(cli, data):
    code, out, err = cli("run", QUESTION, "--data", data)
    assert code == 0
    assert err.splitlines()[0].startswith("run r-")
    assert "supported" in out
    assert "profile_data" in err
    assert "report.md" in err


def test_quiet_leaves_the_answer_and_where_the_report_is(cli, data):
    code, _, err = cli("run", QUESTION, "--data", data, "--quiet")
    assert code == 0
    assert "profile_data" not in err


def test_json_is_the_report(cli, data):
    code, out, _ = cli("run", QUESTION, "--data", data, "--json", "--run-id", "mine")
    assert code == 0
    report = json.loads(out)
    assert report["findings"][0]["verdict"] == "supported"
    assert report["run"]["id"] == "mine"
    assert json.loads(cli("show", "mine", "--format", "json")[1]) == report
    assert cli("show", "mine")[1].startswith("#")
    assert "mine" in cli("list")[1]
    assert json.loads(cli("list", "--json")[1])[0]["status"] == "finished"
    assert "write_report" in cli("history", "mine")[1]
    assert json.loads(cli("resume", "mine", "--json")[1]) == report


def test_a_plan_is_shown_and_waits_for_the_decision(cli, data):
    code, out, err = cli("run", QUESTION, "--data", data, "--approve", "--run-id", "asked")
    assert code == 1
    assert "welch_t" in out
    assert "resume asked --accept" in err
    assert cli("resume", "asked", "--edit", "{no json")[0] == 2
    assert cli("resume", "asked")[0] == 1
    code, out, _ = cli("resume", "asked", "--accept")
    assert code == 0
    assert "supported" in out


def test_fork_makes_another_run(cli, data):
    cli("run", QUESTION, "--data", data, "--run-id", "one")
    steps = json.loads(cli("history", "one", "--json")[1])
    at = next(step["name"] for step in steps if step["next"] == ["lock_plan"])
    code, _, err = cli("fork", "one", "--at", at, "--run-id", "two")
    assert code == 0, err
    assert "two" in cli("list")[1]


def test_the_graph_is_drawn_with_its_retries_and_fallbacks(cli):
    code, out, _ = cli("graph")
    assert code == 0
    for edge in ("switch_designer --> plan_research", "design_study -.-> switch_designer", "lock_plan --> approve_plan"):
        left, _, right = edge.split()
        assert any(left in line and right in line and ("-.->" in line or "-->" in line) for line in out.splitlines()), edge


def test_providers_are_listed(cli):
    code, out, _ = cli("providers")
    assert code == 0
    for name in ("ollama", "lmstudio", "openai", "anthropic", "deepseek", "azure", "bedrock", "gemini", "openrouter"):
        assert name in out


def test_a_report_file_that_was_deleted_is_rendered_again_from_the_checkpoint(cli, data, tmp_path):
    cli("run", QUESTION, "--data", data, "--run-id", "mine")
    folder = tmp_path / "home" / "runs" / "mine"
    kept = (folder / "report.md").read_text(encoding="utf-8"), (folder / "report.json").read_text(encoding="utf-8")
    (folder / "report.md").unlink()
    (folder / "report.json").unlink()
    assert (cli("show", "mine")[1], cli("show", "mine", "--format", "json")[1]) == kept


def test_a_server_on_this_machine_that_nobody_started_is_bad_input(cli, data, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    monkeypatch.setenv("LITELLM_MODEL", "openai/local-model")
    monkeypatch.setenv("LITELLM_API_BASE", address)
    code, _, err = cli("run", QUESTION, "--data", data)
    assert code == 2
    assert address in err
    assert cli("list")[1] == ""


def test_a_decision_that_does_not_fit_is_bad_input_and_the_plan_still_waits(cli, data):
    cli("run", QUESTION, "--data", data, "--approve", "--run-id", "asked")
    code, _, err = cli("resume", "asked", "--strike", "c9h9")
    assert code == 2
    assert "c9h9" in err
    code, out, _ = cli("resume", "asked", "--json")
    assert code == 1
    assert json.loads(out)["designs"]
    assert cli("resume", "asked", "--accept")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", QUESTION),
        ("run", QUESTION, "--data", "no-such-file.csv"),
        ("run", "", "--data", "groups.csv"),
        ("run", QUESTION, "--data", "groups.csv", "--alpha", "7"),
        ("run", QUESTION, "--data", "groups.csv", "--alpha", "much"),
        ("run", QUESTION, "--data", "groups.csv", "--run-id", "../up"),
        ("run", QUESTION, "--data", "groups.csv", "--about", "no-such-sheet.yaml"),
        ("run", QUESTION, "--data", "groups.csv", "--model", "nonsense-model-that-nobody-has"),
        ("run", QUESTION, "--data", "groups.csv", "--model", "anthropic/claude-sonnet-4-5"),
        ("run", "What is the colour of happiness?", "--data", "groups.csv"),
        ("resume", "nobody"),
        ("show", "nobody"),
        ("history", "nobody"),
        ("fork", "nobody", "--at", "1"),
        ("show", "nobody", "--format", "pdf"),
        ("dance",),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_clear_sentence_and_exit_code_2(cli, data, arguments, monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "LITELLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    code, out, err = cli(*arguments)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip()) > 20


def test_help_and_import_never_load_what_is_heavy():
    code = (
        "import sys, kosmos_graph\n"
        "assert not {'litellm', 'langgraph', 'pandas', 'pydantic'} & set(sys.modules)\n"
        "from kosmos_graph.cli import main\n"
        "sys.argv = ['kosmos-graph', 'run', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert not {'litellm', 'langgraph', 'pandas'} & set(sys.modules)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_run_with_rules_never_loads_litellm(data, tmp_path):
    code = (
        "import sys\n"
        "from kosmos_graph import start\n"
        f"run = start({QUESTION!r}, [{data!r}], home={str(tmp_path / 'h')!r}, model='rules')\n"
        "run.wait(60)\n"
        "assert run.status == 'finished', run.status\n"
        "assert 'litellm' not in sys.modules\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_public_names_are_those_that_are_promised():
    import kosmos_graph

    assert sorted(kosmos_graph.__all__) == kosmos_graph.__all__
    for name in kosmos_graph.__all__:
        assert getattr(kosmos_graph, name) is not None
    with pytest.raises(AttributeError):
        _ = kosmos_graph.no_such_name
