"""The run sheet as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from kosmos_graph.domain.report import RoleUsage, RunSheet
from kosmos_graph.render import numbers
from kosmos_graph.render.quote import dollars, render_quote
from kosmos_graph.render.tables import table


def run_sheet_lines(run: RunSheet) -> Iterator[str]:
    """Provenance as tables: run, data, models, deviations, versions."""
    yield from table(("", "value"), _facts(run))
    yield from table(
        ("data", "rows", "columns", "SHA-256"),
        ((one.name, numbers.count(one.rows), numbers.count(one.columns), one.sha256) for one in run.data),
    )
    yield from table(
        ("role", "model", "calls", "repaired", "tokens in", "tokens out", "cost (US$)"), (_usage(one) for one in run.usage)
    )
    yield from table(
        ("role", "node", "branch", "from", "to", "reason"),
        ((one.role, one.node, one.branch, one.from_model, one.to_model, one.reason) for one in run.fallbacks),
    )
    yield from table(
        ("hypothesis", "planned", "done", "reason"),
        ((one.hypothesis, one.planned, one.done, one.reason) for one in run.deviations),
    )
    yield from table(("software", "version"), sorted(run.versions.items()))
    yield from table(("prompt", "SHA-256"), sorted(run.prompts.items()))


def _facts(run: RunSheet) -> Iterator[tuple[str, str]]:
    yield "run", run.id
    yield "designer", " → ".join(run.designers)
    yield "analyst", " → ".join(run.analysts)
    yield "alpha", numbers.number(run.options.alpha)
    yield "seed", str(run.options.seed)
    yield "cycles", numbers.count(run.options.cycles)
    yield "locked plan (SHA-256)", ", ".join(run.plans)
    yield "study sheet (SHA-256)", run.sheet_sha256 or "none"
    if run.quote is not None:
        yield "quoted", " ".join(render_quote(run.quote).split("\n"))
        yield "used", _used(run)
    yield "started", run.started
    yield "finished", run.finished
    yield "seconds", f"{run.seconds:.1f}"


def _used(run: RunSheet) -> str:
    """Calls and dollars of the whole run, to stand beside the quote."""
    calls, unpriced = sum(one.calls for one in run.usage), sum(one.unknown_price_calls for one in run.usage)
    cost = f", {dollars(sum(one.cost for one in run.usage))}" if unpriced < calls else ""
    return f"{numbers.count(calls)} calls{cost}" + (f", {numbers.count(unpriced)} of unknown price" if unpriced else "")


def _usage(one: RoleUsage) -> tuple[str, ...]:
    priced = one.calls - one.unknown_price_calls
    parts = [f"{one.cost:.4f}"] if priced else []
    parts += [f"{numbers.count(one.unknown_price_calls)} calls of unknown price"] if one.unknown_price_calls else []
    tokens = (numbers.count(one.input_tokens), numbers.count(one.output_tokens))
    return (one.role, one.model, numbers.count(one.calls), numbers.count(one.repaired_replies), *tokens, " + ".join(parts))
