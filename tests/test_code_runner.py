"""Running a design's code: where outcomes and data lie, and what becomes of them when others touch them."""

from __future__ import annotations

import pytest

from kosmos_graph.data.load import load_dataset
from kosmos_graph.domain.code_experiment import CodeExperiment, DeclaredResult
from kosmos_graph.domain.design import CODE, Design, Protocol
from kosmos_graph.domain.hypothesis import Target
from kosmos_graph.domain.question import Options
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput
from kosmos_graph.sandbox.executor import LocalExecutor
from kosmos_graph.sandbox.ladder import Finding, Ladder
from kosmos_graph.wiring import code
from kosmos_graph.wiring.code import FOLDER, CodeRunner

SUM = CodeExperiment(
    code="def experiment(data, seed):\n    return {'total': float(data['d.csv']['a'].sum())}\n",
    results=(DeclaredResult(name="total", kind="number", meaning="sum of a"),),
)
DESIGN = Design(
    key="c1h1g1",
    hypothesis="c1h1",
    method=CODE,
    method_reason="asked for",
    target=Target(dataset="d.csv", outcome="a"),
    protocol=Protocol(objective="", steps=()),
    author="user",
    code=SUM,
)


@pytest.fixture
def ran(tmp_path):
    """Runs the design's code in one home folder, and closes what ran it."""
    path = tmp_path / "d.csv"
    path.write_text("a,b\n" + "".join(f"{number},{number % 3}\n" for number in range(30)))
    dataset = load_dataset(path, StudySheet())

    def ran(design=DESIGN, **choices):
        runner = CodeRunner(tmp_path / "home", **choices)
        try:
            return runner.run(dataset, design, StudySheet(), Options(), design.key)[0]
        finally:
            runner.close()

    return ran


def test_what_ran_without_a_sandbox_is_no_result_of_a_run_in_one_nor_the_other_way_round(ran):
    rungs = [ran(unsafe=unsafe).rung for unsafe in (True, False, True)]
    assert rungs[0] == rungs[2] == "no sandbox"
    assert rungs[1] != "no sandbox"


def test_data_that_another_hand_left_in_the_home_folder_are_written_anew(ran, tmp_path, monkeypatch):
    assert ran(unsafe=True).status == "ok"
    (file,) = (tmp_path / "home" / FOLDER).iterdir()
    file.write_bytes(b"half a fi")
    monkeypatch.setattr(code, "seed_of", lambda *_: 7)  # another job: the first one's outcome is known
    assert (ran(unsafe=True).error, file.is_symlink()) == (None, False)
    elsewhere = file.rename(tmp_path / "elsewhere")
    elsewhere.write_bytes(b"not ours")
    file.symlink_to(elsewhere)
    monkeypatch.setattr(code, "seed_of", lambda *_: 8)
    assert (ran(unsafe=True).error, file.is_symlink()) == (None, False)
    assert elsewhere.read_bytes() == b"not ours"


def test_data_that_go_from_the_home_folder_while_a_job_waits_are_written_once_more(ran, monkeypatch):
    emptied = []

    class Emptied(LocalExecutor):
        def submit(self, job):
            if not emptied:
                emptied.append(job.data[0].path)
                job.data[0].path.unlink()
            return super().submit(job)

    monkeypatch.setattr(code, "LocalExecutor", Emptied)
    assert (ran(unsafe=True).error, len(emptied)) == (None, 1)


def test_a_repair_is_not_run_where_something_can_be_said_against_its_declaration(ran, monkeypatch):
    again = DeclaredResult(name="total", kind="number", meaning="about 12 of them")
    monkeypatch.setattr(code, "LocalExecutor", None)
    design = DESIGN.model_copy(update={"code": SUM.model_copy(update={"results": (again,)})})
    assert ran(design=design, unsafe=True).error == "What total means has to be said in words, without numbers."


def test_the_docker_image_reaches_the_jails(ran, monkeypatch):
    images = []

    class NoJail:
        def __init__(self, image, **_):
            images.append(image)
            raise OSError("no daemon answers")

    monkeypatch.setattr(code, "probe", lambda **_: Ladder((Finding("docker", holds=True, reason="", remedy=""),)))
    monkeypatch.setattr("kosmos_graph.sandbox.executor.DockerJail", NoJail)
    assert "no daemon answers" in ran(image="our/image").error
    assert set(images) == {"our/image"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"results": [{"name": "total"}]}, "results.0.kind: field required"),
        (
            {"results": [{"name": "total", "kind": "plot", "meaning": "a plot"}]},
            "results.0.kind: input should be 'number'",
        ),
        ({"results": "total"}, "results.0: "),
        ({"code": 3}, "code: input should be a valid string"),
        ({"options": {"sed": 1}}, "sed: extra inputs are not permitted"),
        ({"code": "x <- lm(y ~ x)"}, "The code is not Python"),
        ({"data": "missing.csv"}, "missing.csv"),
    ],
    ids=str,
)
def test_what_cannot_be_run_from_python_is_refused_with_a_sentence(changed, sentence, tmp_path):
    (tmp_path / "d.csv").write_text("a\n1\n2\n3\n")
    given = {"code": SUM.code, "data": tmp_path / "d.csv", "results": SUM.results} | changed
    with pytest.raises(BadInput) as refused:
        code.run_code(**given)
    assert sentence in str(refused.value)
