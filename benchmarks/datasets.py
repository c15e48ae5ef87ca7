"""The benchmark's data sets: files that installed packages ship, written as the CSV a user would have."""

from __future__ import annotations

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

Format = Literal["csv", "json records", "stata"]


class NotInstalled(Exception):
    """The package that ships a data set is not installed; the message names it."""


class Source(BaseModel):
    """Where a data set lies: `file` below the folder of `package`, which is found without being imported.

    A CSV with an unusual `quote` is written with the usual one; any other CSV is copied byte for byte.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str
    file: str
    format: Format = "csv"
    separator: str = ","
    quote: str | None = None


def write_csv(source: Source, folder: Path, name: str) -> Path:
    """Write the data set as `folder/name.csv` and return that path. Raises NotInstalled."""
    shipped = shipped_file(source)
    path = folder / f"{name}.csv"
    if source.format == "csv" and source.quote is None:
        path.write_bytes(shipped.read_bytes())
    else:
        _read(shipped, source).to_csv(path, index=False)
    return path


def shipped_file(source: Source) -> Path:
    """The file inside the installed package. Raises NotInstalled if the package or the file is not there."""
    found = importlib.util.find_spec(source.package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / source.file
        if path.is_file():
            return path
    raise NotInstalled(f"{source.package} ({source.file}) is not installed")


def package_version(source: Source) -> str:
    """Version of the package that ships the data set."""
    try:
        return version(source.package)
    except PackageNotFoundError:
        return "unknown"


def _read(path: Path, source: Source) -> pd.DataFrame:
    if source.format == "stata":
        return pd.read_stata(path)
    if source.format == "json records":
        return pd.read_json(path, orient="records", convert_dates=False)
    return pd.read_csv(path, sep=source.separator, quotechar=source.quote or '"')
