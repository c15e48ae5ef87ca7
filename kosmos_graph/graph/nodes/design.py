"""The nodes of the branch that designs one hypothesis' experiment."""

from __future__ import annotations

from typing import Any

from kosmos_graph.agents.batch import MAX_DESIGNS
from kosmos_graph.agents.protocol import Designer
from kosmos_graph.experiments.review import review_design
from kosmos_graph.graph.nodes.chain import ask_chain, move_on
from kosmos_graph.graph.services import Services
from kosmos_graph.graph.state import DesignState
from kosmos_graph.graph.views import generations, material_of, reviews_of
from kosmos_graph.ids import generation_key


class DesignNodes:
    """The nodes, over their services. A method's name is the node's name."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def design_study(self, state: DesignState) -> dict[str, Any]:
        """Ask the designer for the next generation of the design."""
        hypothesis = state["hypothesis"]
        generation = generations(state, hypothesis.id, MAX_DESIGNS) + 1
        key = generation_key(hypothesis.id, generation)
        material, reviews = material_of(state), reviews_of(state, hypothesis.id)

        async def ask(designer: Designer) -> dict[str, Any]:
            design = await designer.design_study(material, hypothesis, generation, reviews)
            return {"designs": {key: design}}

        return await ask_chain(state, self.services.designers, "designer", "design_study", hypothesis.id, ask, key)

    async def switch_designer(self, state: DesignState) -> dict[str, Any]:
        """Move the designer to the next model of its chain."""
        return move_on(state, self.services.designers, "designer", state["hypothesis"].id)

    async def review_design(self, state: DesignState) -> dict[str, Any]:
        """Check the design against the data's structure and the study sheet."""
        hypothesis = state["hypothesis"]
        key = generation_key(hypothesis.id, generations(state, hypothesis.id, MAX_DESIGNS) + 1)
        design = state["designs"][key]
        review = review_design(design, hypothesis, state["card"], state["sheet"], state["settled"], ())
        return {"reviews": {key: review}}
