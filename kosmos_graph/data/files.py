"""What a path leads to: its bytes, their fingerprint, and the format they are in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from kosmos_graph.data.size import check_bytes
from kosmos_graph.data.table import shown
from kosmos_graph.errors import BadInput

Format = Literal["csv", "tsv", "parquet", "excel", "json lines"]
ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "csv",
    ".dat": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json lines",
}
REFUSED = {
    ".xls": "in the old Excel format: save it as .xlsx",
    ".xlsb": "in a binary Excel format: save it as .xlsx",
    ".ods": "an OpenDocument sheet: save it as .xlsx or CSV",
    ".sav": "an SPSS file: export it as CSV",
    ".dta": "a Stata file: export it as CSV",
    ".rds": "an R file: export it as CSV",
    ".rdata": "an R file: export it as CSV",
    ".gz": "compressed: decompress it first",
    ".zip": "compressed: unpack it first",
    ".pkl": "a Python pickle, which is never opened: export it as CSV or Parquet",
    ".feather": "a Feather file: export it as Parquet",
}
CHUNK = 1 << 20


def fingerprint(path: Path) -> str:
    """SHA-256 in hexadecimal of the file's bytes. Raises BadInput when it cannot be read."""
    check_file(path)
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    return found.hexdigest()


def read_bytes(path: Path) -> bytes:
    """All bytes of a file that is not too large. Raises BadInput when it cannot be read, or is empty."""
    check_file(path)
    try:
        check_bytes(path.stat().st_size, named(path))
        content = path.read_bytes()
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    if not content:
        raise BadInput(f"{named(path)} is empty.")
    return content


def check_file(path: Path) -> None:
    """Raise BadInput unless `path` is a regular file (so that no pipe or device is ever waited for)."""
    try:
        if path.is_file():
            return
        if path.is_dir():
            raise BadInput(f"{named(path)} is a folder: name one file in it.")
        if path.exists():
            raise BadInput(f"{named(path)} is not a regular file.")
    except (OSError, ValueError) as exc:
        raise BadInput(f"{named(path)} is no path that can be opened.") from exc
    raise BadInput(f"No such data file: {named(path)}")


def format_of(path: Path, content: bytes) -> Format:
    """The format by the ending, else by the first bytes. Raises BadInput for formats that are not read."""
    ending = path.suffix.lower()
    if ending in REFUSED:
        raise BadInput(f"{named(path)} is {REFUSED[ending]}.")
    if ending in ENDINGS:
        return ENDINGS[ending]
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"PK\x03\x04"):
        return "excel"
    return "json lines" if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{" else "csv"


def named(path: Path) -> str:
    """The path as it may stand in a message."""
    return shown(str(path))


def _unreadable(path: Path, exc: OSError) -> BadInput:
    return BadInput(f"{named(path)} cannot be read: {exc.strerror or 'the system refused'}.")
