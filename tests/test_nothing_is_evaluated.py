"""No text of a user's, a model's or a file's reaches an interpreter: not Python's, not pandas', not patsy's."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "kosmos_graph"
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {"query", "eval", "from_formula"}
PACKAGES = {"patsy", "formulaic", "statsmodels.formula"}
ALLOWED = {
    "sandbox/inside/experiment.py": {"exec", "compile", "__import__"},  # the one place where a model's code runs: in the jail
    "sandbox/inside/zygote.py": {"__import__"},  # modules of our own naming, before any code comes
}


def evaluated(tree):
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield name
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in METHODS and not _is_module(value):
                yield f".{name}"
            case ast.Import(names=names):
                yield from (alias.name for alias in names if _is_barred(alias.name))
            case ast.ImportFrom(module=str() as module, names=names):
                yield from (f"{module}.{alias.name}" for alias in names if _is_barred(f"{module}.{alias.name}"))
            case ast.keyword(arg="formula"):
                yield "formula="


def _is_module(value):
    return isinstance(value, ast.Name) and value.id == "re"


def _is_barred(name):
    return any(name == package or name.startswith(f"{package}.") for package in PACKAGES)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_evaluates_text(path):
    found = set(evaluated(ast.parse(path.read_text(encoding="utf-8"))))
    assert found <= ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())


def test_the_search_would_find_each_of_them():
    source = "eval(x)\nframe.query(x)\nimport patsy\nfrom statsmodels.formula import api\nmodel(formula=x)\nexec(x)\ndf.eval(x)"
    assert set(evaluated(ast.parse(source))) == {
        "eval",
        ".query",
        "patsy",
        "statsmodels.formula.api",
        "formula=",
        "exec",
        ".eval",
    }
