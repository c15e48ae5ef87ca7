"""Data sets by path, read once and kept while they are in use."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.load import fingerprint, load_dataset, load_datasets
from kosmos_graph.domain.data_card import DataCard
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import BadInput, DataChanged

KEPT = 8


class DataFiles:
    """Implements the graph's `DataSource`. Keeps the last few data sets, by path, content and study sheet; thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Dataset] = {}
        self._lock = threading.Lock()

    def open_all(self, paths: Sequence[str], sheet: StudySheet) -> tuple[Dataset, ...]:
        """Read the files anew. Raises BadInput."""
        datasets = load_datasets([Path(path).expanduser().absolute() for path in paths], sheet)
        for dataset in datasets:
            self._keep(dataset, sheet)
        return datasets

    def reopen(self, card: DataCard, sheet: StudySheet) -> Dataset:
        """The data set that `card` describes. Raises DataChanged when the file has gone or is another one now."""
        found = unchanged(card)
        with self._lock:
            kept = self._kept.get(_key(card, sheet))
            if kept is None:
                kept = load_dataset(Path(card.path), sheet, name=card.name)
                self._keep_locked(kept, sheet)
        if kept.card != card:
            raise DataChanged(
                f"{card.path} (SHA-256 {found}) is read otherwise now than when the run began: "
                "resume with the version that began it"
            )
        return kept

    def _keep(self, dataset: Dataset, sheet: StudySheet) -> None:
        with self._lock:
            self._keep_locked(dataset, sheet)

    def _keep_locked(self, dataset: Dataset, sheet: StudySheet) -> None:
        self._kept[_key(dataset.card, sheet)] = dataset
        while len(self._kept) > KEPT:
            self._kept.pop(next(iter(self._kept)))


def unchanged(card: DataCard) -> str:
    """The file's fingerprint, which is the card's. Raises DataChanged naming both where they differ."""
    try:
        found = fingerprint(Path(card.path))
    except BadInput as error:
        raise DataChanged(
            f"{card.path} was read with SHA-256 {card.sha256} when the run began, and now: {error}; "
            "put it back, or start another run"
        ) from error
    if found != card.sha256:
        raise DataChanged(
            f"{card.path} has changed: the run began with SHA-256 {card.sha256} and found {found}; "
            "put the old file back, or start another run"
        )
    return found


def _key(card: DataCard, sheet: StudySheet) -> tuple[str, str, str]:
    return card.path, card.sha256, sheet.model_dump_json()
