"""Python text to its tree."""

from __future__ import annotations

import ast

import pytest

from kosmos_graph import syntax


@pytest.mark.parametrize("parse", [syntax.module, syntax.expression])
def test_what_other_threads_disturb_is_parsed_again(parse, monkeypatch):
    undisturbed, calls = ast.parse, []

    def disturbed(*arguments, **named):
        calls.append(arguments)
        if len(calls) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=63, after=86)")
        return undisturbed(*arguments, **named)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert ast.dump(parse("x + 1")) == ast.dump(undisturbed("x + 1", mode="eval" if parse is syntax.expression else "exec"))


def test_what_cannot_be_parsed_raises_as_ever():
    with pytest.raises(SyntaxError):
        syntax.module("def")
    with pytest.raises(RecursionError), pytest.MonkeyPatch.context() as patched:
        patched.setattr(ast, "parse", _too_deep)
        syntax.expression("x")


def _too_deep(*arguments, **named):
    raise RecursionError
