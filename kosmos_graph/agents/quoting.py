"""Names and texts that come from files, as a prompt shows them: on one line, short, in quotes, and never two alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NAME_LENGTH = 48
STUB_LENGTH = 32
NUMBER = re.compile(r"(?<![\w.])[-−+]?\d(?:[\d.,]*\d)?(?:[eE][-+]?\d+)?(?!\w)")


def one_line(text: str, length: int) -> str:
    """`text` without control and formatting characters or line breaks, `length` characters at most, cut ends marked with …"""
    clean = "".join(character if character.isprintable() else " " for character in text)
    joined = " ".join(clean.split())
    return joined if len(joined) <= length else joined[: length - 1].rstrip() + "…"


def quoted(text: str, length: int = 2000) -> str:
    """`text` on one line in double quotes; those inside become single ones, so that the quotation ends where it ends."""
    return '"' + one_line(text, length).replace('"', "'") + '"'


def without_numbers(text: str, length: int = 300) -> str:
    """`text` on one line, with # in place of every number that is no part of a name: what a model does not see it cannot copy."""
    return one_line(NUMBER.sub("#", text), length)


def listed(names: Iterable[str]) -> str:
    """Names in quotes, separated by commas."""
    return ", ".join(quoted(name) for name in names)


def shown_names(names: Sequence[str]) -> dict[str, str]:
    """How each of `names` is shown, by name: as it is where it is plain and short, else a stub with a number; no two alike."""
    taken = {name for name in names if _plain(name)}
    shown: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        shown[name] = name if _plain(name) else _stub(name, number, taken)
        taken.add(shown[name])
    return shown


def _plain(name: str) -> bool:
    return 0 < len(name) <= NAME_LENGTH and one_line(name, NAME_LENGTH) == name and '"' not in name and "\\" not in name


def _stub(name: str, number: int, taken: set[str]) -> str:
    start = one_line(name, STUB_LENGTH).replace('"', "'").replace("\\", "/")
    stub = f"{start} #{number}".strip()
    while stub in taken:
        stub += "'"
    return stub
