"""The study sheet: what the user states about the study, read from YAML or a mapping."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from kosmos_graph.data.expressions import parse_expression
from kosmos_graph.data.nearest import did_you_mean
from kosmos_graph.data.sheet_check import check_sheet
from kosmos_graph.data.sheet_text import Plain, plain_sheet
from kosmos_graph.data.table import shown
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.expressions import DerivedColumn, columns_in
from kosmos_graph.domain.filters import Filter, Operator
from kosmos_graph.domain.study_sheet import (
    ColumnStatement,
    Covariate,
    Role,
    SmallestEffect,
    Source,
    StatedHypothesis,
    StudyDesign,
    StudySheet,
)
from kosmos_graph.errors import BadInput
from kosmos_graph.ids import digest

__all__ = ["check_sheet", "read_sheet"]

SYNONYMS = {
    "randomized": "randomised",
    "time-series": "time series",
    "timeseries": "time series",
    "before/after": "before-after",
    "before after": "before-after",
    "pretreatment": "pre-treatment",
}
DIRECTIONS = ("positive", "negative")


def read_sheet(source: Path | Mapping[str, object] | None) -> StudySheet:
    """The sheet in a YAML file or a mapping of the same form; None gives the defaults, with nothing declared.

    Raises BadInput for an unknown key, a value of the wrong form and a design that is none, each with what is allowed.
    """
    if source is None:
        return StudySheet()
    content = {_key(key): value for key, value in plain_sheet(source).items()}
    if not content:
        return StudySheet()
    _known(content, READERS, "the study sheet")
    given = {key: value for key, value in content.items() if not _blank(value)}
    fields = {key: READERS[key](value, f"`{key}`") for key, value in given.items()}
    return StudySheet(**fields, declared=tuple(sorted(given)), sha256=digest(content))


def _key(key: str) -> str:
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def _blank(value: Plain) -> bool:
    return value in (None, "", "~", "null", [], {})


def _known(content: Mapping[str, object], allowed: Iterable[str], where: str) -> None:
    names = list(allowed)
    for key in content:
        if key not in names:
            hint = did_you_mean(key, names) or f"; known are {', '.join(names)}."
            raise BadInput(f"{where[0].upper()}{where[1:]} has an unknown key `{shown(key)}`{hint}")


def _text(value: Plain, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"The study sheet's {where} must be one piece of text.")
    return value.strip()


def _number(value: Plain, where: str) -> float:
    try:
        number = float(_text(value, where))
    except ValueError as exc:
        raise BadInput(f"The study sheet's {where} must be a number, and is `{shown(str(value))}`.") from exc
    if not math.isfinite(number):
        raise BadInput(f"The study sheet's {where} must be a finite number.")
    return number


def _one_of(value: Plain, allowed: tuple[str, ...], where: str) -> str:
    text = _text(value, where).lower()
    text = text if text in allowed else SYNONYMS.get(text, text)
    if text not in allowed:
        raise BadInput(f"The study sheet's {where} must be one of {', '.join(allowed)}, and is `{shown(text)}`.")
    return text


def _texts(value: Plain, where: str) -> tuple[str, ...]:
    """A list of texts; one text stands for a list of one."""
    entries = value if isinstance(value, list) else [value]
    return tuple(_text(entry, where) for entry in entries)


def _mapping(value: Plain, where: str) -> dict[str, Plain]:
    if not isinstance(value, dict):
        raise BadInput(f"The study sheet's {where} must be a mapping of `key: value` lines.")
    return value


def _entries(value: Plain, where: str) -> list[Plain]:
    return value if isinstance(value, list) else [value]


def _smallest_effect(value: Plain, where: str) -> SmallestEffect:
    fields = {_key(key): entry for key, entry in value.items()} if isinstance(value, dict) else {"value": value}
    _known(fields, ("value", "source"), where)
    size = _number(fields.get("value"), f"{where} value")
    if size <= 0:
        raise BadInput(f"The study sheet's {where} must be greater than zero: it is a size, in units of the outcome.")
    source = _one_of(fields.get("source", "user"), get_args(Source), f"{where} source")
    return SmallestEffect.model_validate({"value": size, "source": source})


def _covariates(value: Plain, where: str) -> tuple[Covariate, ...]:
    roles = get_args(Role)
    return tuple(
        Covariate.model_validate({"column": column, "role": _one_of(role, roles, f"{where} role of `{shown(column)}`")})
        for column, role in _mapping(value, where).items()
    )


def _hypotheses(value: Plain, where: str) -> tuple[StatedHypothesis, ...]:
    return tuple(_hypothesis(entry, where) for entry in _entries(value, where))


def _hypothesis(value: Plain, where: str) -> StatedHypothesis:
    if not isinstance(value, dict):
        return StatedHypothesis(statement=_text(value, where))
    fields = {_key(key): entry for key, entry in value.items()}
    _known(fields, ("statement", "outcome", "predictors", "direction"), where)
    found: dict[str, Any] = {"statement": _text(fields.get("statement"), f"{where} statement")}
    if fields.get("outcome"):
        found["outcome"] = _text(fields["outcome"], f"{where} outcome")
    if fields.get("predictors"):
        found["predictors"] = _texts(fields["predictors"], f"{where} predictors")
    if fields.get("direction"):
        found["direction"] = _one_of(fields["direction"], DIRECTIONS, f"{where} direction")
    return StatedHypothesis.model_validate(found)


def _exclusions(value: Plain, where: str) -> tuple[Filter, ...]:
    return tuple(_exclusion(entry, where) for entry in _entries(value, where))


def _exclusion(value: Plain, where: str) -> Filter:
    fields = {_key(key): entry for key, entry in _mapping(value, where).items()}
    _known(fields, ("column", "operator", "value"), where)
    operator = _one_of(fields.get("operator"), get_args(Operator), f"{where} operator")
    given = fields.get("value")
    if operator in ("in", "not in"):
        compared: Any = _texts(given, f"{where} value")
    else:
        compared = None if given is None and "missing" in operator else _number_or_text(given, f"{where} value")
    return Filter.model_validate(
        {"column": _text(fields.get("column"), f"{where} column"), "operator": operator, "value": compared}
    )


def _number_or_text(value: Plain, where: str) -> float | str:
    text = _text(value, where)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) and "_" not in text and not text.lstrip("+-").startswith("00") else text


def _derived(value: Plain, where: str) -> tuple[DerivedColumn, ...]:
    return tuple(_derivation(column.strip(), text, f"{where} `{shown(column)}`") for column, text in _mapping(value, where).items())


def _derivation(column: str, text: Plain, where: str) -> DerivedColumn:
    expression = parse_expression(_text(text, where), where)
    if not any(columns_in(expression)):
        raise BadInput(f"The study sheet's {where} names no column to derive it from.")
    return DerivedColumn(column=column, expression=expression)


def _dictionary(value: Plain, where: str) -> tuple[ColumnStatement, ...]:
    return tuple(_statement(column, entry, where) for column, entry in _mapping(value, where).items())


def _statement(column: str, value: Plain, where: str) -> ColumnStatement:
    where = f"{where} entry `{shown(column)}`"
    if isinstance(value, str):
        return ColumnStatement(column=column, label=value.strip())
    fields = {_key(key): entry for key, entry in _mapping(value, where).items()}
    _known(fields, STATEMENT_READERS, where)
    found: dict[str, Any] = {"column": column}
    for key, entry in fields.items():
        if not _blank(entry):
            found |= STATEMENT_READERS[key](entry, f"{where}, `{key}`,")
    return _consistent(ColumnStatement.model_validate(found), where)


def _consistent(statement: ColumnStatement, where: str) -> ColumnStatement:
    low, high = statement.valid_low, statement.valid_high
    if low is not None and high is not None and low > high:
        raise BadInput(f"The study sheet's {where} has a valid range whose low end is above its high end.")
    if len(set(statement.order)) < len(statement.order):
        raise BadInput(f"The study sheet's {where} names a level twice in its order.")
    return statement


def _range(value: Plain, where: str) -> dict[str, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadInput(f"The study sheet's {where} must be a list of two numbers, low and high; either may be left blank.")
    ends = zip(("valid_low", "valid_high"), value, strict=True)
    return {name: _number(end, where) for name, end in ends if not _blank(end)}


def _coding(value: Plain, where: str) -> dict[str, tuple[tuple[str, str], ...]]:
    return {"coding": tuple((code.strip(), _text(label, where)) for code, label in _mapping(value, where).items())}


STATEMENT_READERS: dict[str, Callable[[Plain, str], dict[str, Any]]] = {
    "kind": lambda value, where: {"kind": _one_of(value, tuple(kind.value for kind in Kind if kind is not Kind.EMPTY), where)},
    "label": lambda value, where: {"label": _text(value, where)},
    "unit": lambda value, where: {"unit": _text(value, where)},
    "coding": _coding,
    "order": lambda value, where: {"order": _texts(value, where)},
    "reference": lambda value, where: {"reference": _text(value, where)},
    "positive": lambda value, where: {"positive": _text(value, where)},
    "valid_range": _range,
    "valid_low": lambda value, where: {"valid_low": _number(value, where)},
    "valid_high": lambda value, where: {"valid_high": _number(value, where)},
    "missing_codes": lambda value, where: {"missing_codes": _texts(value, where)},
}
"""Keys of a dictionary entry."""

READERS: dict[str, Callable[[Plain, str], Any]] = {
    "design": lambda value, where: _one_of(value, get_args(StudyDesign), where),
    "unit": _text,
    "treatment": _text,
    "id": _text,
    "pair": _text,
    "cluster": _text,
    "stratum": _text,
    "time": _text,
    "weight": _text,
    "duration": _text,
    "event": _text,
    "exposure": _text,
    "hypotheses": _hypotheses,
    "primary_outcome": _text,
    "smallest_effect": _smallest_effect,
    "covariates": _covariates,
    "derived": _derived,
    "dictionary": _dictionary,
    "exclusions": _exclusions,
    "missing": lambda value, where: _one_of(value, ("complete cases",), where),
    "outliers": lambda value, where: _one_of(value, ("keep",), where),
}
"""Keys of a sheet."""
