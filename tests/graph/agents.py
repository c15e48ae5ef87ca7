"""Small agents of the tests' own: a designer of Welch tests, an analyst of one sentence, and ways to fail."""

import asyncio
import random
from dataclasses import dataclass, field

from kosmos_graph.domain.analysis import Sentence
from kosmos_graph.domain.design import Design, Protocol
from kosmos_graph.domain.hypothesis import Hypothesis, ResearchPlan, Target
from kosmos_graph.errors import Transient
from kosmos_graph.ids import generation_key, hypothesis_id


def write_groups(path, outcomes=("height",), rows=40):
    """A CSV with groups ash and oak, in which every outcome is larger in ash."""
    lines = [",".join(["group", *outcomes])]
    for row in range(rows):
        group = ("ash", "oak")[row % 2]
        shift = 3.0 if group == "ash" else 0.0
        noise = (random.Random(f"{name} {row}").random() for name in outcomes)
        lines.append(",".join([group, *(f"{10 + shift + 2 * part:.4f}" for part in noise)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@dataclass
class WelchDesigner:
    """Plans one comparison an outcome, and designs a Welch test for each."""

    outcomes: tuple[str, ...] = ("height",)
    author: str = "welch"
    method: str = "welch_t"
    repairs: tuple[str, ...] = ()
    calls: list[str] = field(default_factory=list)

    async def plan_research(self, material, cycle, earlier):
        self.calls.append(f"plan {cycle}")
        known = {hypothesis.target.outcome for hypothesis in earlier}
        fresh = [outcome for outcome in self.outcomes if outcome not in known]
        return ResearchPlan(
            hypotheses=tuple(
                Hypothesis(
                    id=hypothesis_id(cycle, number),
                    cycle=cycle,
                    statement=f"{outcome} is larger in ash than in oak",
                    rationale="the groups were treated differently",
                    task="compare",
                    expects="effect",
                    direction="positive",
                    target=Target(dataset=material.cards[0].name, outcome=outcome, predictors=("group",), levels=("ash", "oak")),
                    author=self.author,
                )
                for number, outcome in enumerate(fresh, start=1)
            )
        )

    async def design_study(self, material, hypothesis, generation, reviews):
        self.calls.append(f"design {hypothesis.id}")
        await asyncio.sleep(0)
        return self._design(hypothesis, self.method, generation_key(hypothesis.id, generation))

    async def repair_study(self, material, hypothesis, failed, generation):
        self.calls.append(f"repair {hypothesis.id}")
        done = {design.method for design, _ in failed}
        left = [method for method in self.repairs if method not in done]
        return self._design(hypothesis, left[0], generation_key(hypothesis.id, generation)) if left else None

    def _design(self, hypothesis, method, key):
        return Design(
            key=key,
            hypothesis=hypothesis.id,
            method=method,
            method_reason="two independent groups",
            target=hypothesis.target,
            protocol=Protocol(
                objective="compare the groups",
                steps=("read", "compare"),
                independent_variables=("group",),
                dependent_variables=(hypothesis.target.outcome,),
                refuted_by="a difference with the opposite sign",
            ),
            author=self.author,
        )


@dataclass
class PlainAnalyst:
    """Says one sentence that holds of every result."""

    text: str = "The difference was {effect}, from {n} rows."
    author: str = "plain"
    calls: list[str] = field(default_factory=list)

    async def analyse_study(self, material, hypothesis, design, execution, rejected):
        self.calls.append(f"analyse {hypothesis.id}")
        await asyncio.sleep(0)
        return (Sentence(section="interpretation", text=self.text),)

    async def synthesise_findings(self, material, evidence, rejected):
        self.calls.append("synthesise")
        return (Sentence(section="interpretation", text="The studies agree as far as they go."),)


@dataclass
class Failing:
    """Stands in for an agent and fails in the named methods while `broken`; passes everything else on."""

    inner: object
    methods: tuple[str, ...]
    error: Exception = field(default_factory=lambda: Transient("the server is down", model="failing"))
    broken: bool = True
    only: str | None = None
    author: str = "failing"
    failures: int = 0

    def __getattr__(self, name):
        method = getattr(self.inner, name)
        if name not in self.methods:
            return method

        async def call(material, *rest):
            hit = self.only is None or any(getattr(one, "id", None) == self.only for one in rest)
            if self.broken and hit:
                self.failures += 1
                raise self.error
            return await method(material, *rest)

        return call
