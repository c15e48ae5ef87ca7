"""All payloads, by family."""

from __future__ import annotations

from tests.sandbox.attacks.payload import Family, Payload
from tests.sandbox.attacks.payloads import bombs, files, kernel, network, other_processes, results, strings, writes

FAMILIES: tuple[Family, ...] = (
    files.files,
    files.environment,
    network.network,
    writes.writes,
    writes.hooks,
    writes.metadata,
    writes.jobs,
    other_processes.memory,
    other_processes.signals,
    other_processes.priorities,
    results.results,
    results.forging,
    results.texts,
    results.folders,
    strings.pickles,
    strings.strings,
    bombs.crowds,
    bombs.memory,
    bombs.disks,
    bombs.times,
    bombs.survivors,
    kernel.shared,
    kernel.interfaces,
    kernel.namespaces,
    kernel.devices,
)
PAYLOADS: tuple[Payload, ...] = tuple(payload for family in FAMILIES for payload in family.payloads)
