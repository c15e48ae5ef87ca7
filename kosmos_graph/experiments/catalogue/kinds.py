"""Sets of column kinds that methods of the catalogue name in their needs."""

from __future__ import annotations

from kosmos_graph.domain.data_card import Kind

NUMERIC = frozenset({Kind.CONTINUOUS, Kind.COUNT})
GROUPING = frozenset({Kind.BINARY, Kind.NOMINAL, Kind.ORDINAL})
RANKED = NUMERIC | {Kind.ORDINAL}
