"""Every method has a page in docs/methods, and what stands on a page is what its example prints."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from kosmos_graph.experiments.catalogue import CATALOGUE, own_methods
from kosmos_graph.render.methods import example_page, worked_example

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "methods"
PAGES = sorted(FOLDER.glob("*.md"))
SENTENCE = re.compile(r"[.?!](?=\s)")


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A folder like the root of the repository: an example that writes there changes nothing of ours."""
    folder = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def load_script():
    spec = importlib.util.spec_from_file_location("worked_examples", ROOT / "scripts" / "worked_examples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


def test_every_method_has_a_page_and_every_page_a_method():
    names, pages = {method.name for method in own_methods()}, {page.stem for page in PAGES}
    assert {"without a page": names - pages, "without a method": pages - names} == {
        "without a page": set(),
        "without a method": set(),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_example_prints_what_its_page_says(page, desk, monkeypatch):
    monkeypatch.chdir(desk)
    before = sorted(desk.rglob("*"))
    code, output = worked_example(page.read_text(encoding="utf-8"))
    assert script.printed(code) == output, f"run `python scripts/worked_examples.py {page.stem}`"
    assert sorted(desk.rglob("*")) == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_its_method_asks_a_question_and_says_how_to_read_the_numbers(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert f'"{page.stem}"' in worked_example(text)[0]
    before, after = text.partition("\n")[2].partition("```python")[0], text.rpartition("```")[2]
    assert len(SENTENCE.findall(before)) >= 2
    assert len(SENTENCE.findall(after)) >= 2


def test_the_script_writes_what_an_example_prints_and_nothing_else():
    page = "# T\n\n```python\nprint(1)\n```\n\n```text\n2\n```\n\nRead it.\n"
    assert script.refreshed(page) == page.replace("2", "1")


@pytest.mark.parametrize("text", ["# A page", "```python\n```\n", "```text\n```\n```python\n```\n"])
def test_a_page_without_example_or_output_is_none(text):
    with pytest.raises(ValueError, match="one ```python block"):
        worked_example(text)


def test_the_pages_of_all_methods_stand_where_the_command_line_says():
    assert [ROOT / example_page(CATALOGUE[page.stem]) for page in PAGES] == PAGES
