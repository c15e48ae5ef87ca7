"""The examination as a whole, and the free part of it that stands before every run."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from kosmos_graph import background
from kosmos_graph.doctor.calls import call
from kosmos_graph.doctor.catalogue import read_catalogue
from kosmos_graph.doctor.chains import Chains, Place, chains_of
from kosmos_graph.doctor.diagnosis import Diagnosis, Finding
from kosmos_graph.doctor.keeping import examine_home
from kosmos_graph.doctor.origins import Origins
from kosmos_graph.doctor.price import price_finding
from kosmos_graph.doctor.sandbox import sandbox_finding
from kosmos_graph.doctor.served import Served
from kosmos_graph.doctor.sources import key_finding, settings_finding
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import parse_prices
from kosmos_graph.providers.scrubbing import remember
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.servers import silent_servers

_OFFLINE = "nothing is asked offline"
_FREE = "no call is made that may cost something"


@dataclass(frozen=True)
class _Examined:
    """The findings about one model. `barred` says that no run begins with it in a chain, whatever stands behind it."""

    subject: str
    findings: tuple[Finding, ...]
    barred: bool = False

    @property
    def works(self) -> bool:
        return not any(finding.status == "failed" for finding in self.findings)


def examine(settings: Settings, *, offline: bool = False, free_only: bool = False, arguments: Collection[str] = ()) -> Diagnosis:
    """Look at every model of both chains, then at the home folder, its checkpoint store and the disk, and at the sandbox.

    Nothing is changed.

    `offline` asks no server at all, `free_only` makes no call to a model. `arguments` names the settings that were given as
    arguments, so that it can be said where a setting comes from. Raises UnknownModel or BadInput for chains that cannot be.
    """
    chains = chains_of(settings)
    parse_prices(settings.prices)
    _hide_keys(settings)
    origins = Origins(settings, arguments)
    examined = [_examine(place, settings, origins, offline=offline, free_only=free_only) for place in chains.places]
    models = (finding for one in _eased(examined, chains) for finding in one.findings)
    return Diagnosis(findings=(*models, *examine_home(settings.kosmos_home), sandbox_finding(settings)))


def free_check(settings: Settings) -> tuple[str, ...]:
    """What stops a run before it begins, one sentence each: home, store, disk, keys, and silent servers on this machine.

    Free, quick, and without loading LiteLLM for the providers known here. Raises UnknownModel or BadInput for chains that
    cannot be.
    """
    return (*home_check(settings), *chain_check(settings))


def home_check(settings: Settings) -> tuple[str, ...]:
    """The part of `free_check` about the home folder, which is a StoreError where it is raised."""
    return tuple(found.sentence for found in examine_home(settings.kosmos_home, thorough=False) if found.status == "failed")


def chain_check(settings: Settings) -> tuple[str, ...]:
    """The part of `free_check` about the models, which is a BadInput where it is raised."""
    origins = Origins(settings)
    keys = (key_finding(place, settings, origins) for place in chains_of(settings).places)
    failed = tuple(found.sentence for found in keys if found.status == "failed")
    return failed or silent_servers(settings)


def _hide_keys(settings: Settings) -> None:
    for name, value in settings.variables.items():
        if name.endswith(("_KEY", "_TOKEN", "_BEDROCK")) or name in settings.other_variables:
            remember(value.get_secret_value())
    if settings.litellm_api_key is not None:
        remember(settings.litellm_api_key.get_secret_value())


def _examine(place: Place, settings: Settings, origins: Origins, *, offline: bool, free_only: bool) -> _Examined:
    named = settings_finding(place, settings, origins)
    if place.spec is None and place.missing is None:
        ready = Finding(subject=place.subject, check="answer", status="ok", detail="rules needs no model, key or server")
        return _Examined(place.subject, (named, ready))
    key = key_finding(place, settings, origins)
    if place.spec is None:
        return _Examined(place.subject, (named, key), barred=True)
    served = _served(place.subject, place.spec, offline=offline, free_only=free_only)
    found = (
        named,
        served.refused_key() or key,
        *served.findings(),
        price_finding(place.subject, place.spec, parse_prices(settings.prices)),
    )
    return _Examined(place.subject, found)


def _served(subject: str, spec: ModelSpec, *, offline: bool, free_only: bool) -> Served:
    if offline:
        return Served(subject, spec, None, None, _OFFLINE, _OFFLINE)
    return background.run(_ask(subject, spec, free_only=free_only))


async def _ask(subject: str, spec: ModelSpec, *, free_only: bool) -> Served:
    catalogue = await read_catalogue(spec)
    unlisted = f"no free list of models is known for {spec.provider}"
    trouble = catalogue.trouble if catalogue is not None else None
    if trouble is not None and trouble.kind in ("silent", "slow"):
        return Served(subject, spec, catalogue, None, unlisted, "the server does not answer")
    if free_only:
        return Served(subject, spec, catalogue, None, unlisted, _FREE)
    return Served(subject, spec, catalogue, await call(spec), unlisted)


def _eased(examined: list[_Examined], chains: Chains) -> Iterator[_Examined]:
    """Failures of a model become warnings where every chain that it stands in has one that works, and it is said which."""
    works = {one.subject: one.works for one in examined}
    barred = {one.subject for one in examined if one.barred}
    for one in examined:
        orders = [order for order in chains.orders if one.subject in order]
        stand_ins = [_stand_in(one.subject, order, works) for order in orders]
        if one.works or one.subject in barred or not all(stand_ins):
            yield one
        else:
            yield replace(
                one,
                findings=tuple(_warned(finding, " and ".join(dict.fromkeys(filter(None, stand_ins)))) for finding in one.findings),
            )


def _stand_in(subject: str, order: tuple[str, ...], works: dict[str, bool]) -> str | None:
    """The sentence about the first model that works in a chain, or None if there is none."""
    first = next((other for other in order if works[other]), None)
    if first is None:
        return None
    later = order.index(first) > order.index(subject)
    return f"{first} takes over" if later else f"{first} comes before it and works"


def _warned(finding: Finding, stand_in: str) -> Finding:
    if finding.status != "failed":
        return finding
    return finding.model_copy(
        update={"status": "warning", "detail": f"{finding.detail}; a run could start all the same: {stand_in}"}
    )
