"""The notebook of a run repeats its experiments, and compares."""

import json
from pathlib import Path

import pytest

from kosmos_graph import build_graph
from kosmos_graph.settings import Settings

from .agents import PlainAnalyst, WelchDesigner, write_groups
from .test_code import GAP, TESTED, CodeDesigner

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def notebook_of(tmp_path, question, data, designer=None, about=None, run="r1"):
    graph = build_graph(
        designer=designer or "rules",
        analyst=PlainAnalyst() if designer else "rules",
        home=tmp_path / "home",
        settings=Settings(_env_file=None),
    )
    given = {"question": question, "data": [str(data)], "about": about}
    graph.invoke(given, {"configurable": {"thread_id": run}})
    return json.loads((tmp_path / "home" / "runs" / run / "notebook.ipynb").read_text())


def execute(notebook):
    """Every code cell, from top to bottom, as a kernel would."""
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    return names


@pytest.mark.parametrize(
    ("question", "file", "about"),
    [
        ("Do Gentoo penguins weigh more than Adelie penguins?", "penguins.csv", None),
        ("Is the median body mass above 4000?", "penguins.csv", None),
        ("What affects body mass?", "penguins.csv", None),
        ("Does tutoring raise the score?", "tutoring.csv", str(EXAMPLES / "tutoring.about.yaml")),
        ("Did the volume change in 1899?", "nile.csv", None),
    ],
)
def test_a_runs_notebook_runs_from_top_to_bottom_and_finds_the_reports_numbers(tmp_path, question, file, about):
    notebook = notebook_of(tmp_path, question, EXAMPLES / file, about=about)
    names = execute(notebook)
    report = json.loads((tmp_path / "home" / "runs" / "r1" / "report.json").read_text())
    assert report["findings"]
    for finding in report["findings"]:
        assert names[finding["id"]].p_value == finding["p_value"]


def test_experiments_in_code_run_again_in_the_sandbox(tmp_path):
    data = write_groups(tmp_path / "groups.csv", ("height", "mass"))
    designer = CodeDesigner(("height", "mass"), versions=((GAP,), (TESTED,)))
    names = execute(notebook_of(tmp_path, "How far apart are ash and oak?", data, designer))
    assert {names["c1h1"].rung, names["c1h2"].rung} <= {"bubblewrap", "landlock"}


def test_a_changed_data_file_and_a_changed_number_stop_the_notebook(tmp_path):
    data = Path(write_groups(tmp_path / "groups.csv", ("height",)))
    notebook = notebook_of(tmp_path, "Is height larger in ash?", data, WelchDesigner())
    cell = notebook["cells"][-1]
    right = cell["source"]
    cell["source"] = [line.replace("same(c1h1.p_value, ", "same(c1h1.p_value, 1 + ") for line in right]
    with pytest.raises(AssertionError):
        execute(notebook)
    cell["source"] = right
    data.write_text(data.read_text() + "ash,99\n")
    with pytest.raises(AssertionError, match="another file now"):
        execute(notebook)


def test_hostile_names_are_texts_in_a_notebook(tmp_path):
    name = "__import__('os').system('touch x')\n'''\" # <script>"
    path = tmp_path / "hostile.csv"
    rows = "\n".join(f"{('a', 'b')[row % 2]},{row % 7}.5" for row in range(40))
    path.write_text(f'group,"{name.replace(chr(34), chr(34) * 2)}"\n{rows}\n')
    notebook = notebook_of(tmp_path, f"Does {name} differ between the groups?", path)
    execute(notebook)
    assert not (Path.cwd() / "x").exists()
    assert all("<script" not in "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
