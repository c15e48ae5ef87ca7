"""Expressions over columns: read from a user's text by an allowlist, and computed row by row."""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Callable, Mapping
from keyword import iskeyword

import numpy as np
import numpy.typing as npt

from kosmos_graph import syntax
from kosmos_graph.data.decimals import difference, rounded
from kosmos_graph.data.table import shown
from kosmos_graph.domain.expressions import Application, ColumnTerm, Expression, Function, NumberTerm
from kosmos_graph.errors import BadInput

Numbers = npt.NDArray[np.float64]

LONGEST = 500
"""Characters of an expression."""
DEEPEST = 30
OPERATORS: Mapping[type[ast.operator], Function] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
NAMED: tuple[Function, ...] = ("abs", "sqrt", "exp", "log", "log2", "log10", "min", "max")
SEVERAL: tuple[Function, ...] = ("min", "max")
COMPUTED: Mapping[Function, Callable[..., Numbers]] = {
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
}
QUOTED = re.compile(r"`([^`]*)`")
PLACE = "_quoted_{}_"
ALLOWED = f"numbers, columns (in `backticks` where a name is not one word), + - * / ** ( ) and {', '.join(NAMED)}"


def parse_expression(text: str, where: str) -> Expression:
    """The expression that a text writes. Raises BadInput for all that is not on the allowlist, with what is."""
    if len(text) > LONGEST:
        raise BadInput(f"The study sheet's {where} has {len(text)} characters, and {LONGEST} are allowed.")
    quoted: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        name = PLACE.format(len(quoted))
        quoted[name] = found[1]
        return name

    try:
        tree = syntax.expression(QUOTED.sub(place, text).strip())
        return _term(tree.body, quoted, 0)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise BadInput(f"The study sheet's {where}, `{shown(text)}`, cannot be read: it may have {ALLOWED}.") from None


def compute(expression: Expression, columns: Mapping[str, Numbers]) -> Numbers:
    """The expression's value in each row; NaN where an input is missing, and where it has no finite value (0/0, log of −1).

    Sums and the value have 14 digits, so that what is equal in decimals (0.3 − 0.2 and 0.2 − 0.1) is equal here.
    """
    with np.errstate(all="ignore"):
        values = np.asarray(_value(expression, columns), dtype=np.float64)
    return np.where(np.isfinite(values), rounded(values, values), np.nan)


def written(expression: Expression) -> str:
    """The expression as text that `parse_expression` reads as the same expression."""
    match expression:
        case NumberTerm(value=value):
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case ColumnTerm(name=name):
            return name if name.isidentifier() and not iskeyword(name) else f"`{name}`"
        case Application(function=function, arguments=arguments):
            parts = [written(argument) for argument in arguments]
    if function in NAMED:
        return f"{function}({', '.join(parts)})"
    return f"(-{parts[0]})" if len(parts) == 1 else f"({parts[0]} {function} {parts[1]})"


def _term(node: ast.expr, quoted: Mapping[str, str], depth: int) -> Expression:
    """Raises ValueError for what is not on the allowlist."""
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    read = functools.partial(_term, quoted=quoted, depth=depth + 1)
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and math.isfinite(value):
            return NumberTerm(value=float(value))
        case ast.Name(id=name):
            return ColumnTerm(name=quoted.get(name, name))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Application(function="-", arguments=(read(operand),))
        case ast.BinOp(op=operator) if type(operator) in OPERATORS:
            return Application(function=OPERATORS[type(operator)], arguments=(read(node.left), read(node.right)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name, tuple(read(argument) for argument in arguments))
    raise ValueError("it is not on the allowlist")


def _call(name: str, arguments: tuple[Expression, ...]) -> Expression:
    function = next((one for one in NAMED if one == name), None)
    if function is None or not (len(arguments) == 1 or (function in SEVERAL and len(arguments) > 1)):
        raise ValueError("it is no function of the allowlist, or takes another number of arguments")
    return Application(function=function, arguments=arguments)


def _value(expression: Expression, columns: Mapping[str, Numbers]) -> Numbers:
    match expression:
        case NumberTerm(value=value):
            return np.asarray(value, dtype=np.float64)
        case ColumnTerm(name=name):
            return columns[name]
        case Application(function=function, arguments=arguments):
            return _applied(function, [_value(argument, columns) for argument in arguments])


def _applied(function: Function, values: list[Numbers]) -> Numbers:
    match function:
        case "-":
            return np.negative(values[0]) if len(values) == 1 else difference(values[0], values[1])
        case "+":
            return difference(values[0], np.negative(values[1]))
        case "min" | "max":
            return functools.reduce(np.minimum if function == "min" else np.maximum, values)
    return COMPUTED[function](*values)
