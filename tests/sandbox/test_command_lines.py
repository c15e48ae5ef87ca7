"""The command lines of what builds a jail, those that cannot be tried here among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kosmos_graph.domain.code_experiment import Outcome
from kosmos_graph.sandbox import Limits, bubblewrap, docker, sandbox_exec
from kosmos_graph.sandbox.inside.experiment import NOT_CONFINED
from kosmos_graph.sandbox.jail import JailDown
from kosmos_graph.sandbox.running import run
from tests.sandbox.conftest import job

STAND_IN = """#!{python}
import json, os, subprocess, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
if arguments[0] != "run":
    sys.exit(0)
target = next(each for each in arguments if each.endswith("target=/scratch"))
request = json.load(sys.stdin)
{act}
"""


def test_bubblewrap_is_given_new_namespaces_and_binds_shallow_paths_first(tmp_path):
    line = bubblewrap.command("/usr/bin/bwrap", read=[f"{tmp_path}/a/b", str(tmp_path)], scratch="/tmp/s", inside=["python"])
    assert line[0] == "/usr/bin/bwrap"
    assert {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent"} <= set(line)
    assert line.index(str(tmp_path)) < line.index(f"{tmp_path}/a/b")
    assert line[line.index("--bind") : line.index("--bind") + 5] == ["--bind", "/tmp/s", "/tmp/s", "--remount-ro", "/"]
    assert line[-2:] == ["--", "python"]
    assert not {"--proc", "--dev", "--tmpfs"} & set(line)


def test_the_profile_of_macos_denies_by_default_and_quotes_paths():
    profile = sandbox_exec.profile(["/opt/python", '/a "b"'], "/private/tmp/s")
    assert profile.splitlines()[:2] == ["(version 1)", "(deny default)"]
    assert '(subpath "/a \\"b\\"")' in profile
    assert '(allow file-read* file-write* (subpath "/private/tmp/s"))' in profile
    assert "network" not in profile
    line = sandbox_exec.command(read=["/opt/python"], scratch="/s", inside=["/opt/python", "-c", ""])
    assert line[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert line[-3:] == ["/opt/python", "-c", ""]


def test_a_container_has_no_network_no_rights_and_its_limits():
    line = docker.command(
        "docker", "image:1", "name", Path("/tmp/s"), [Path("/data/a.parquet")], Limits(memory_bytes=1000, processes=3)
    )
    joined = " ".join(line)
    for part in (
        "run --rm --interactive --name name --pull never --network none --read-only",
        "--cap-drop ALL --security-opt no-new-privileges",
        "--pids-limit 19 --memory 1000 --memory-swap 1000",
        "--mount type=bind,source=/tmp/s,target=/scratch",
        "--mount type=bind,source=/data/a.parquet,target=/data/0.parquet,readonly",
        "--entrypoint python image:1",
    ):
        assert part in joined
    assert "--user 0" not in joined
    assert "--privileged" not in joined


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a program in the place of docker that acts as it is told; the calls that it got."""
    import sys

    def put(act: str) -> Path:
        program, log = tmp_path / "docker", tmp_path / "log"
        program.write_text(STAND_IN.format(python=sys.executable, log=str(log), act=act))
        program.chmod(0o755)
        monkeypatch.setattr(docker, "find", lambda: str(program))
        return log

    return put


def _run(**limits: float) -> Outcome:
    jail = docker.DockerJail("image:1", modules=())
    try:
        return run(jail, job("return {'answer': 1}", **limits))
    finally:
        jail.close()


def test_the_result_of_a_container_is_collected(stand_in):
    write = """
folder = target.split("source=")[1].split(",")[0]
with open(folder + "/result.json", "w") as file:
    json.dump({"results": {"answer": len(request["declared"])}, "calls": []}, file)
print("printed")
"""
    log = stand_in(write)
    outcome = _run()
    assert (outcome.state, outcome.rung, outcome.stdout, outcome.results[0].value) == ("ok", "docker", "printed\n", 1)
    assert json.loads(log.read_text().splitlines()[0])[:2] == ["run", "--rm"]


@pytest.mark.parametrize("code", [125, 127, NOT_CONFINED])
def test_a_container_that_does_not_run_is_no_outcome_of_the_code(stand_in, code):
    stand_in(f'print("no such image"); sys.exit({code})')
    with pytest.raises(JailDown, match="docker could not run the job: no such image"):
        _run()


def test_a_container_out_of_memory_and_one_that_prints_too_much_are_limits(stand_in):
    stand_in("sys.exit(137)")
    assert _run(memory_bytes=64 << 20).error == "the code needed more memory than its limit of 64 MiB"
    stand_in('print("x" * 5000)')
    assert _run(output_bytes=1000).error == "the code printed more than 1000 bytes"


def test_a_container_that_runs_too_long_is_killed_by_its_name(stand_in, monkeypatch):
    monkeypatch.setattr(docker, "_START_SECONDS", 0.0)
    monkeypatch.setattr(docker.secrets, "token_hex", "0".__mul__)
    log = stand_in("import time; time.sleep(60)")
    assert _run(wall_seconds=0.2).state == "time-out"
    assert ["kill", "kosmos-jail-00000000"] in [json.loads(line) for line in log.read_text().splitlines()]
