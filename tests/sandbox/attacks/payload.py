"""A payload: code that tries to get out, and what proves that it did."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kosmos_graph.domain.code_experiment import DeclaredResult
from kosmos_graph.sandbox import Limits
from kosmos_graph.sandbox.limits import MIB
from tests.sandbox.attacks.evidence import Proof

LIMITS = Limits(
    wall_seconds=15.0,
    cpu_seconds=15.0,
    memory_bytes=400 * MIB,
    processes=16,
    disk_bytes=48 * MIB,
    files=300,
    output_bytes=256 * 1024,
    result_bytes=256 * 1024,
)
"""Roomy in time, so that a busy machine does not end a payload before it has tried; those about time have their own."""
DONE = DeclaredResult(name="done", kind="number", meaning="that the payload came to its end")

_PRELUDE = """\
import contextlib, ctypes, os, sys, time
CANARY = {canary!r}
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    result = libc.syscall(ctypes.c_long(CANARY["calls"][name]), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result

"""


@dataclass(frozen=True, eq=False)
class Payload:
    """`body` is what `experiment` does, `top` stands before it in the module.

    `earlier` is the body of a job that is run before this one; with `neighbour`, a job that holds a secret in its scratch folder
    runs at the same time. `frames` makes the data from the canaries. `needs` says what a machine has to offer where not every one
    does: a payload whose control fails for want of it is left out, not failed.
    """

    family: str
    name: str
    proof: Proof
    body: str
    top: str = ""
    limits: Limits = LIMITS
    results: tuple[DeclaredResult, ...] = (DONE,)
    earlier: str = ""
    neighbour: bool = False
    frames: Mapping[str, Callable[[Mapping[str, Any]], pd.DataFrame]] = field(default_factory=dict)
    needs: str = ""

    def code(self, canary: Mapping[str, Any], body: str | None = None) -> str:
        """A module that defines `experiment(data, seed)`."""
        steps = textwrap.indent(textwrap.dedent(self.body if body is None else body).strip("\n"), "    ")
        top = textwrap.dedent(self.top)
        return f"{_PRELUDE.format(canary=dict(canary))}{top}\ndef experiment(data, seed):\n{steps}\n    return {{'done': 1.0}}\n"


class Family:
    """A group of payloads; calling it adds one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.payloads: list[Payload] = []

    def __call__(self, name: str, proof: Proof, body: str, **more: Any) -> None:
        self.payloads.append(Payload(self.name, name, proof, body, **more))
