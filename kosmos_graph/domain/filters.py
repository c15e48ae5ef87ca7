"""Typed conditions on rows. They are compared value by value and never become code."""

from __future__ import annotations

from typing import Literal

from kosmos_graph.domain.value import Value

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in", "is missing", "is not missing"]


class Filter(Value):
    """Keep the rows in which `column` satisfies `operator` against `value`.

    `value` is a number for numeric columns, a level's name for categorical ones, an ISO date for date-times, a tuple of level
    names for `in` and `not in`, and None for the two on missing. A missing cell satisfies only `is missing`.
    """

    column: str
    operator: Operator
    value: float | str | tuple[str, ...] | None = None
