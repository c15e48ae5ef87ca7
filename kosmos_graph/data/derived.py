"""Columns that the study sheet derives from those of the file."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from kosmos_graph.data.cells import distinct_cells
from kosmos_graph.data.expressions import Numbers, compute, written
from kosmos_graph.data.prepare import Prepared, Reading, Role, prepare_column
from kosmos_graph.data.table import shown
from kosmos_graph.domain.expressions import DerivedColumn, columns_in
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput

PLAIN = Reading(mark=".", delimiter=",")
"""How the computed numbers are written."""


def derive(columns: Sequence[Prepared], sheet: StudySheet) -> Iterator[Prepared]:
    """The sheet's derived columns that this file has the inputs for, in their order, or after those that they are derived from.

    They are read like columns of the file, so that the dictionary's statements hold for them. Raises BadInput for a name that is
    taken, for an input that holds no numbers, and for columns that are derived from each other in a circle.
    """
    known = {column.card.name: column for column in columns}
    waiting = list(sheet.derived)
    while (ready := _first(waiting, known)) is not None:
        waiting.remove(ready)
        if ready.column in known:
            raise BadInput(f"The study sheet derives `{shown(ready.column)}`, and the data have a column of that name.")
        inputs = dict.fromkeys(columns_in(ready.expression))
        known[ready.column] = _derived(ready, {name: _numbers(known[name], ready) for name in inputs}, sheet)
        yield known[ready.column]
    _refuse_circle(waiting, known)


def _first(waiting: Sequence[DerivedColumn], known: Container[str]) -> DerivedColumn | None:
    return next((one for one in waiting if all(name in known for name in columns_in(one.expression))), None)


def _refuse_circle(waiting: Sequence[DerivedColumn], known: Container[str]) -> None:
    """`waiting` are the derived columns that lack an input: what is left without those that the file has no input for."""
    closed: Sequence[DerivedColumn] = ()
    while len(closed) != len(waiting):
        closed, names = waiting, {one.column for one in waiting}
        waiting = [one for one in waiting if all(name in known or name in names for name in columns_in(one.expression))]
    if closed:
        listed = " and ".join(f"`{shown(one.column)}`" for one in closed)
        source = "each other in a circle" if len(closed) > 1 else "itself"
        raise BadInput(f"The study sheet derives {listed} from {source}, which cannot be computed.")


def _numbers(column: Prepared, derived: DerivedColumn) -> Numbers:
    if not column.card.kind.numeric:
        source = f"`{shown(column.card.name)}`, which is {column.card.kind.value} and holds no numbers"
        raise BadInput(f"The study sheet derives `{shown(derived.column)}` from {source}.")
    return column.values.to_numpy(dtype=np.float64)


def _derived(derived: DerivedColumn, inputs: Mapping[str, Numbers], sheet: StudySheet) -> Prepared:
    rows = len(next(iter(inputs.values())))
    values = np.broadcast_to(compute(derived.expression, inputs), rows)
    cells = pa.array([None if np.isnan(value) else repr(float(value)) for value in values], type=pa.string())
    role: Role | None = "event" if derived.column == sheet.event else None
    prepared = prepare_column(derived.column, distinct_cells(cells), sheet.statement(derived.column), role, PLAIN, None)
    complete = np.logical_and.reduce([~np.isnan(values_of) for values_of in inputs.values()])
    undefined = int(np.isnan(values[complete]).sum())
    notes = [f"it is derived as {written(derived.expression)}"]
    notes += [f"in {undefined} rows it has no finite value (such as a division by zero), and is missing"] if undefined else []
    return replace(prepared, card=prepared.card.model_copy(update={"notes": (*prepared.card.notes, *notes)}))
