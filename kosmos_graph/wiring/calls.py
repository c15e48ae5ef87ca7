"""How a run's models are asked: over which journal, out of which purse, at which prices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from kosmos_graph import workers
from kosmos_graph.agents.protocol import Material
from kosmos_graph.domain.calls import AgentRole, Call, CallSite
from kosmos_graph.domain.quote import Quote
from kosmos_graph.errors import BadInput, KosmosError
from kosmos_graph.graph.services import Link, Opened
from kosmos_graph.providers.budget import Allowance, Purses
from kosmos_graph.providers.chat_asker import ChatAsker
from kosmos_graph.providers.desk import Desk
from kosmos_graph.providers.journal import CallJournal, Journal, ReplayJournal
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import Price, most_of, parse_prices, price_of
from kosmos_graph.providers.retries import RetryPolicy
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.computing import begin_workers
from kosmos_graph.wiring.models import chain_of
from kosmos_graph.wiring.quoting import quote
from kosmos_graph.wiring.servers import ROLES, specs_of


@dataclass(frozen=True)
class Calls:
    """What every request of a process's runs passes through."""

    journal: Journal
    chain: Callable[[AgentRole], Sequence[str | ModelSpec]]
    price_of: Callable[[ModelSpec], Price | None]
    given: Mapping[str, Price]
    purses: Purses | None = None
    bounded: bool = False
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    close: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, settings: Settings, allowance: Allowance | None = None, *, reuse: bool = False) -> Calls:
        """Over the journal of the settings' home folder. Raises BadInput for a price that is none."""
        journal = CallJournal(settings.kosmos_home, reuse=reuse)
        allowed = allowance or Allowance()
        given = parse_prices(settings.prices)
        known = cache(partial(price_of, given=given))
        bounded = allowed.budget is not None
        spent = Spent(journal, partial(specs_of, settings), known if bounded else lambda spec: None)
        return cls(
            journal=journal,
            chain=partial(chain_of, settings),
            price_of=known,
            given=given,
            purses=Purses(allowed, spent.by),
            bounded=bounded,
            close=journal.close,
        )

    @classmethod
    def replaying(
        cls,
        recorded: tuple[Call, ...],
        chain: Callable[[AgentRole], Sequence[str | ModelSpec]],
        price_of: Callable[[ModelSpec], Price | None],
        stop: KosmosError | None = None,
    ) -> Calls:
        """Over recorded calls, made at these prices: no model of the chains is asked. `stop` stopped the recorded run."""
        return cls(journal=ReplayJournal(recorded, stop), chain=chain, price_of=price_of, given={})

    def quote(self, material: Material) -> Quote | None:
        """What a run about this material may cost; None where no model is first in a chain. May load LiteLLM."""
        return quote(material, {role: self.chain(role)[0] for role in ROLES}, self.price_of)

    def links(self, role: AgentRole, rules: Callable[[], Any], bound: Callable[[ChatAsker], Any]) -> tuple[Link[Any], ...]:
        """The links of a role's chain. Raises BadInput for a model without a price where money is bounded."""
        return tuple(self._link(model, role, rules, bound) for model in self.chain(role))

    def _link(
        self, model: str | ModelSpec, role: AgentRole, rules: Callable[[], Any], bound: Callable[[ChatAsker], Any]
    ) -> Link[Any]:
        if isinstance(model, str):
            return Link(model=model, open=lambda site: Opened(agent=rules()))
        price = self._price(model)

        def open_bound(site: CallSite) -> Opened[Any]:
            begin_workers(workers.MOST_WORKERS)  # they are ready by the time that the model has answered
            purse = self.purses.of(site.run) if self.purses else None
            desk = Desk(model.name, role, model.route, model.temperature, site, self.journal, purse, price)
            policy = replace(self.policy, before=purse.check_time) if purse else self.policy
            asker = ChatAsker(model, role, policy, desk)
            return Opened(agent=bound(asker), usage=asker.usage, forget=desk.forget)

        return Link(model=model.name, open=open_bound)

    def _price(self, model: ModelSpec) -> Price | None:
        """What the user said the model costs; with a budget, else what is known. Raises BadInput where that is nothing."""
        if not self.bounded:
            return self.given.get(model.name)
        price = self.price_of(model)
        if price is None:
            raise BadInput(
                f"the price of {model.name} is not known, and with a budget it has to be: give it in US dollars for a million "
                f"tokens in and out, as --price {model.name}=IN/OUT or in KOSMOS_PRICES"
            )
        return price


@dataclass(frozen=True)
class Spent:
    """What runs have spent, from the journal: where a call's cost is not known, the price of its tokens, or the most it may be."""

    journal: CallJournal
    specs: Callable[[], Sequence[ModelSpec]]
    price_of: Callable[[ModelSpec], Price | None]

    def by(self, run: str) -> tuple[float, int]:
        """US dollars, and answered calls. Raises StoreError."""
        settled = [call for call in self.journal.calls_of(run) if call.settled and not call.reused]
        specs = {spec.name: spec for spec in self.specs()} if settled else {}
        return math.fsum(self._cost(call, specs.get(call.model)) for call in settled), len(settled)

    def _cost(self, call: Call, spec: ModelSpec | None) -> float:
        price = self.price_of(spec) if call.cost is None and spec is not None else None
        if price is None:
            return call.cost or 0.0
        used = price.of(call.input_tokens, call.output_tokens)
        return used if call.input_tokens or call.output_tokens else most_of(price, call.messages, call.max_tokens)
