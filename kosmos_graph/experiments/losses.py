"""Why each row of a file is not analysed, every row counted once under its first reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kosmos_graph.domain.results import Exclusion

KEPT = -1


@dataclass
class Losses:
    """`cause[i]` is the index in `causes` of the first reason and variable for which row i was left out, KEPT if it was not."""

    rows: int
    causes: list[tuple[str, str]] = field(default_factory=list)
    cause: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.cause = np.full(self.rows, KEPT, dtype=np.int64)

    def add(self, lost: npt.NDArray[np.bool_], reason: str, variable: str) -> None:
        """Leave out the rows that are `lost` and were kept so far."""
        self.cause[lost & self.kept] = len(self.causes)
        self.causes.append((reason, variable))

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Rows that nothing has left out."""
        return np.asarray(self.cause == KEPT, dtype=np.bool_)

    def exclusions(self, cause: npt.NDArray[np.int64], group: npt.NDArray[np.object_]) -> tuple[Exclusion, ...]:
        """Counts by reason, variable and group, in the order of the causes and then of the groups' names.

        `cause` and `group` have one entry per unit lost: per row, or per pair.
        """
        counts = Counter(zip(cause.tolist(), group.tolist(), strict=True))
        ordered = sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] is not None, item[0][1] or ""))
        return tuple(exclusion(self.causes[index], name, n) for (index, name), n in ordered)


def exclusion(cause: tuple[str, str], group: str | None, n: int) -> Exclusion:
    """A count of rows left out for one of the known reasons."""
    return Exclusion.model_validate({"reason": cause[0], "variable": cause[1], "group": group, "n": n})
