"""Python text to its syntax tree, also while other threads parse."""

from __future__ import annotations

import ast
from typing import cast

_TRIES = 10


def module(text: str) -> ast.Module:
    """The tree of a module. Raises SyntaxError, ValueError, RecursionError and MemoryError, as `ast.parse` does."""
    return cast(ast.Module, _parsed(text, "exec"))


def expression(text: str) -> ast.Expression:
    """The tree of an expression. Raises as `module` does."""
    return cast(ast.Expression, _parsed(text, "eval"))


def _parsed(text: str, mode: str) -> ast.AST:
    """Threads that parse at the same time share CPython's count of the depth, and one may be told that it does not add up: that
    is a SystemError (github.com/python/cpython/issues/106905), about which the text can do nothing.
    """
    for _ in range(_TRIES - 1):
        try:
            return ast.parse(text, mode=mode)
        except SystemError:
            continue
    return ast.parse(text, mode=mode)
