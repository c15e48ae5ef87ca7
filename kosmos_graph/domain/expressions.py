"""Typed expressions over columns: what a derived column is computed by. Nothing of them is ever evaluated as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from kosmos_graph.domain.value import Value

Function = Literal["+", "-", "*", "/", "**", "abs", "sqrt", "exp", "log", "log2", "log10", "min", "max"]


class NumberTerm(Value):
    """A number."""

    kind: Literal["number"] = "number"
    value: float


class ColumnTerm(Value):
    """The value of a column in the same row."""

    kind: Literal["column"] = "column"
    name: str


class Application(Value):
    """A function of the allowlist applied to its arguments: `-` to one or two of them."""

    kind: Literal["application"] = "application"
    function: Function
    arguments: tuple[Expression, ...]


Expression = Annotated[NumberTerm | ColumnTerm | Application, Field(discriminator="kind")]


class DerivedColumn(Value):
    """A column that is computed from others, row by row."""

    column: str
    expression: Expression


def columns_in(expression: Expression) -> Iterator[str]:
    """The columns that an expression reads, in the order in which it names them, with repeats."""
    match expression:
        case ColumnTerm(name=name):
            yield name
        case Application(arguments=arguments):
            for argument in arguments:
                yield from columns_in(argument)


Application.model_rebuild()
