"""Runs a model's graph node after node, in an order worked out once.

Rasa 3.6.21 hands the graph to dask for every prediction, three times a message, and dask orders it anew each time to
find what could run side by side; on one thread nothing can. Rasa has no setting for another runner, so the name under
which its processor finds the stock one is replaced here, and nowhere else. `tests/bot/test_bot_graph.py` fails when
Rasa changes that, or when a graph gives anything else than under the stock runner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rasa.core.processor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage

from switchboard import steady

# The nodes of a run in order, each with the names of what it needs.
Plan = Sequence[tuple[str, GraphNode, Sequence[str]]]


class OrderedGraphRunner(GraphRunner):
    """The same results as the stock runner's, without looking for an order each time."""

    def __init__(self, schema: GraphSchema, nodes: Mapping[str, GraphNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self._plans: dict[tuple[str, ...], Plan] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> OrderedGraphRunner:
        """As the stock runner: every node is made now, and loads its part of the model; then the process settles."""
        nodes = {
            name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
            for name, node in graph_schema.nodes.items()
        }
        steady.settle()
        return cls(graph_schema, nodes)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The outputs of the targets. Raises GraphRunError when an input has the name of a node."""
        given = inputs or {}
        wanted = tuple(targets or self._schema.target_names)
        plan = self._plans.get(wanted)
        if plan is None:
            plan = self._plans[wanted] = self._plan(wanted)
        # A node answers with its name and its output, and takes what it needs in the same form.
        outputs: dict[str, tuple[str, Any]] = {name: (name, value) for name, value in given.items()}
        for name, node, needs in plan:
            if name in given:
                raise GraphRunError(f"The input '{name}' has the name of a node.")
            outputs[name] = node(*(outputs.get(need, need) for need in needs))
        return dict(outputs[name] for name in wanted)

    def _plan(self, targets: tuple[str, ...]) -> Plan:
        needed = self._schema.minimal_graph_schema(list(targets)).nodes
        ordered: dict[str, None] = {}

        def place(name: str, above: tuple[str, ...]) -> None:
            if name in above:
                raise GraphRunError(f"The nodes {' -> '.join((*above, name))} need each other.")
            if name in needed and name not in ordered:
                for need in needed[name].needs.values():
                    place(need, (*above, name))
                ordered[name] = None

        for target in targets:
            place(target, ())
        return [(name, self._nodes[name], tuple(needed[name].needs.values())) for name in ordered]


def install() -> None:
    """Put it in place; called once, by the tracker store that every bot process builds before its model is loaded."""
    rasa.core.processor.DaskGraphRunner = OrderedGraphRunner
