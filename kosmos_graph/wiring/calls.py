"""How a run's models are asked: over which journal, out of which purse, at which prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kosmos_graph.agents.protocol import Material
from kosmos_graph.domain.calls import AgentRole, Call, CallSite
from kosmos_graph.domain.quote import Quote
from kosmos_graph.errors import BadInput
from kosmos_graph.graph.services import Link, Opened
from kosmos_graph.providers.budget import Allowance, Purses
from kosmos_graph.providers.chat_asker import ChatAsker
from kosmos_graph.providers.desk import Desk
from kosmos_graph.providers.journal import CallJournal, Journal, ReplayJournal
from kosmos_graph.providers.names import ModelSpec
from kosmos_graph.providers.prices import Price, parse_prices, price_of
from kosmos_graph.settings import Settings
from kosmos_graph.wiring.drawing import begin_workers
from kosmos_graph.wiring.models import chain_of
from kosmos_graph.wiring.quoting import quote
from kosmos_graph.wiring.servers import ROLES


@dataclass(frozen=True)
class Calls:
    """What every request of a process's runs passes through."""

    journal: Journal
    chain: Callable[[AgentRole], Sequence[str | ModelSpec]]
    purses: Purses | None = None
    bounded: bool = False
    prices: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, allowance: Allowance | None = None, *, reuse: bool = False) -> Calls:
        """Over the journal of the settings' home folder. Raises BadInput for a price that is none."""
        journal = CallJournal(settings.kosmos_home, reuse=reuse)
        allowed = allowance or Allowance()
        return cls(
            journal=journal,
            chain=partial(chain_of, settings),
            purses=Purses(allowed, journal.spent_by),
            bounded=allowed.budget is not None,
            prices=parse_prices(settings.prices),
        )

    @classmethod
    def replaying(
        cls, recorded: tuple[Call, ...], chain: Callable[[AgentRole], Sequence[str | ModelSpec]], prices: Sequence[str]
    ) -> Calls:
        """Over recorded calls, made at these prices: no model of the chains is asked."""
        return cls(journal=ReplayJournal(recorded), chain=chain, prices=parse_prices(prices))

    def quote(self, material: Material) -> Quote | None:
        """What a run about this material may cost; None where no model is first in a chain."""
        return quote(material, {role: self.chain(role)[0] for role in ROLES}, self.prices)

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
            begin_workers()  # they are ready by the time that the model has answered
            purse = self.purses.of(site.run) if self.purses else None
            desk = Desk(model.name, role, model.route, model.temperature, site, self.journal, purse, price)
            asker = ChatAsker(model, role, desk=desk)
            return Opened(agent=bound(asker), usage=asker.usage)

        return Link(model=model.name, open=open_bound)

    def _price(self, model: ModelSpec) -> Price | None:
        """What the user said the model costs; with a budget, else what is known. Raises BadInput where that is nothing."""
        if not self.bounded:
            return self.prices.get(model.name)
        price = price_of(model, self.prices)
        if price is None:
            raise BadInput(
                f"the price of {model.name} is not known, and with a budget it has to be: give it in US dollars for a million "
                f"tokens in and out, as --price {model.name}=IN/OUT or in KOSMOS_PRICES"
            )
        return price
