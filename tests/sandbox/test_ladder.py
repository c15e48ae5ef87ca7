"""Which rung is chosen, and what the user is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kosmos_graph.sandbox import Finding, Ladder, probe
from kosmos_graph.sandbox.canaries import TRIES, escapes
from kosmos_graph.sandbox.jail import Jail, JailDown
from kosmos_graph.sandbox.ladder import System, climb, try_bubblewrap, try_docker, try_landlock

LINUX = System(name="linux", machine="x86_64", landlock=7, restricted_by_apparmor=False, user_namespaces=True)


def _down() -> Jail:
    raise JailDown("setting up uid map: Permission denied")


def _never() -> Finding:
    raise AssertionError("not to be tried")


def test_the_first_rung_that_holds_is_chosen_and_no_lower_one_is_tried():
    ladder = climb(
        [lambda: Finding("bubblewrap", holds=False, reason="a", remedy="b"), lambda: Finding("landlock", holds=True), _never]
    )
    assert ladder.rung == "landlock"
    assert ladder.sentence == "Code experiments run in the sandbox landlock. bubblewrap would be better, but a: b."


def test_every_rung_is_tried_where_that_is_asked_for():
    ladder = climb([lambda: Finding("bubblewrap", holds=True), lambda: Finding("landlock", holds=True)], every=True)
    assert [finding.rung for finding in ladder.findings] == ["bubblewrap", "landlock"]
    assert ladder.sentence == "Code experiments run in the sandbox bubblewrap."


def test_no_rung_is_a_refusal_with_reasons_and_remedies():
    findings = (
        Finding("bubblewrap", holds=False, reason="a", remedy="b"),
        Finding("landlock", holds=False, reason="c", remedy="d"),
    )
    assert Ladder(findings).rung is None
    assert Ladder(findings).sentence == (
        "Code experiments are refused, because no sandbox holds here (bubblewrap: a; landlock: c). To have one: b; or d."
    )
    assert "there is none for this system" in Ladder(()).sentence


def test_bubblewrap_that_is_missing_is_to_be_installed():
    finding = try_bubblewrap(LINUX, None, _down)
    assert (finding.holds, finding.reason) == (False, "it is not installed")
    assert "apt install bubblewrap" in finding.remedy


def test_apparmor_and_missing_user_namespaces_have_their_own_sentences():
    by_apparmor = try_bubblewrap(replace(LINUX, restricted_by_apparmor=True), "/usr/bin/bwrap", _down)
    assert (by_apparmor.holds, by_apparmor.reason) == (False, "AppArmor forbids it to make user namespaces")
    assert "AppArmor profile" in by_apparmor.remedy
    without = try_bubblewrap(replace(LINUX, user_namespaces=False), "/usr/bin/bwrap", _down)
    assert (without.holds, without.reason) == (False, "this kernel has no user namespaces for normal users")
    assert "user.max_user_namespaces" in without.remedy
    other = try_bubblewrap(LINUX, "/usr/bin/bwrap", _down)
    assert (other.holds, other.reason) == (False, "setting up uid map: Permission denied")


def test_a_kernel_without_landlock_has_its_own_sentence():
    finding = try_landlock(replace(LINUX, landlock=0), _down)
    assert (finding.holds, finding.reason) == (False, "this kernel has no Landlock, or it is switched off")


def test_a_processor_without_a_filter_has_neither():
    riscv = replace(LINUX, machine="riscv64")
    findings = [try_bubblewrap(riscv, "/usr/bin/bwrap", _down), try_landlock(riscv, _down)]
    assert {finding.reason for finding in findings} == {"there is no filter of system calls for processors of the kind riscv64"}


def test_docker_without_a_program_or_a_daemon_does_not_hold(tmp_path):
    assert try_docker("image", None, _down).reason == "it is not installed"
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    program.chmod(0o755)
    finding = try_docker("image", str(program), _down)
    assert (finding.holds, "Cannot connect to the Docker daemon" in finding.reason) == (False, True)


def test_a_jail_that_holds_nothing_is_no_rung():
    jail = Jail("no sandbox", modules=())
    try:
        out = escapes(jail)
    finally:
        jail.close()
    assert out == list(TRIES.values())


def test_a_rung_of_this_machine_lets_nothing_out(rung):
    jail = Jail(rung, modules=())
    try:
        assert escapes(jail) == []
    finally:
        jail.close()


def test_probing_is_done_once():
    assert probe() is probe()


def test_no_sandbox_is_never_on_the_ladder():
    assert "no sandbox" not in {finding.rung for finding in probe(every=True).findings}


@pytest.mark.parametrize("setting", ["restricted_by_apparmor", "user_namespaces"])
def test_what_decides_is_read_from_this_machine(setting):
    assert isinstance(getattr(System.here(), setting), bool)
