"""Payloads that try to get out: each succeeds without a jail, and every rung that this machine offers blocks all of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

if sys.platform != "linux":
    pytest.skip("the judge reads /proc", allow_module_level=True)

from kosmos_graph.domain.code_experiment import Rung
from kosmos_graph.sandbox import probe
from tests.sandbox.attacks.canaries import Canaries
from tests.sandbox.attacks.payload import Payload
from tests.sandbox.attacks.payloads import PAYLOADS
from tests.sandbox.attacks.trial import try_out
from tests.sandbox.attacks.ways import Control, Jailed

FLOOR = 60
"""How many payloads have to count at least."""
RUNGS: tuple[Rung, ...] = ("bubblewrap", "landlock")


def _named(payload: object) -> str:
    return f"{payload.family}: {payload.name}" if isinstance(payload, Payload) else str(payload)


@pytest.fixture
def allowed_hosts() -> list[str]:
    """Where this process may connect to: its own canaries, those at paths and without one too."""
    return [r"127\.0\.0\.1$", "::1$", "/tmp/kosmos-attacks-", "\0kosmos-"]


@pytest.fixture(scope="module")
def canaries() -> Iterator[Canaries]:
    with Canaries() as made:
        yield made


@pytest.fixture(scope="module")
def counted() -> set[Payload]:
    """The payloads that have succeeded without a jail."""
    return set()


@pytest.fixture(scope="module")
def control(canaries: Canaries) -> Iterator[Control]:
    with closing(Control(canaries)) as way:
        yield way


@pytest.fixture(scope="module", params=RUNGS)
def jailed(request: pytest.FixtureRequest, canaries: Canaries) -> Iterator[Jailed]:
    finding = next(finding for finding in probe(every=True).findings if finding.rung == request.param)
    if not finding.holds:
        pytest.skip(f"{finding.rung} is not offered here: {finding.reason}")
    with closing(Jailed(finding.rung, canaries, canaries.folder / "store" / finding.rung)) as way:
        yield way


@pytest.mark.parametrize("payload", PAYLOADS, ids=_named)
def test_the_payload_succeeds_without_a_jail(payload: Payload, control: Control, canaries: Canaries, counted: set[Payload]) -> None:
    if try_out(payload, control, canaries).out:
        counted.add(payload)
    elif payload.needs:
        pytest.skip(f"does not count here: it needs {payload.needs}")
    else:
        pytest.fail("it came to nothing without a jail, so nothing is proved by a jail that blocks it")


@pytest.mark.parametrize("payload", PAYLOADS, ids=_named)
def test_the_rung_blocks_the_payload(payload: Payload, jailed: Jailed, canaries: Canaries) -> None:
    assert try_out(payload, jailed, canaries).out == ""


def test_enough_payloads_count(counted: set[Payload], request: pytest.FixtureRequest) -> None:
    if not all(any(payload is item.callspec.params.get("payload") for item in _controls(request)) for payload in PAYLOADS):
        pytest.skip("not all payloads were selected")
    assert len(counted) >= FLOOR


def _controls(request: pytest.FixtureRequest) -> list[pytest.Function]:
    name = test_the_payload_succeeds_without_a_jail.__name__
    return [item for item in request.session.items if isinstance(item, pytest.Function) and item.originalname == name]
