"""A graph gives under our runner what it gives under Rasa's, and Rasa still takes it from where we put it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage

from switchboard.bot_graph import OrderedGraphRunner

CALLS: list[str] = []


class Adding(GraphComponent):
    """Adds what it is given to a number of its own, and tells that it ran."""

    def __init__(self, name: str, own: int) -> None:
        self.name, self.own = name, own

    @classmethod
    def create(cls, config: dict[str, Any], *_given: Any, **_named: Any) -> Adding:
        return cls(config["name"], config["own"])

    def add(self, left: int = 0, right: int = 0) -> int:
        CALLS.append(self.name)
        return self.own + left + right

    def fail(self, left: int = 0) -> int:
        raise ValueError("this node fails")


def node(name: str, own: int, is_target: bool = False, fn: str = "add", **needs: str) -> SchemaNode:
    return SchemaNode(
        needs=needs,
        uses=Adding,
        constructor_name="create",
        fn=fn,
        config={"name": name, "own": own},
        eager=True,
        is_target=is_target,
    )


GRAPH = GraphSchema(
    {
        "first": node("first", 1, left="told"),
        "second": node("second", 10, left="first"),
        "third": node("third", 100, left="first", right="told"),
        "joined": node("joined", 1000, is_target=True, left="third", right="second"),
        "aside": node("aside", 5, is_target=True, left="told"),
        "broken": node("broken", 0, fn="fail", left="first"),
    }
)


def runner(kind: type[GraphRunner], tmp_path: Any) -> GraphRunner:
    context = ExecutionContext(GRAPH, "model")
    CALLS.clear()
    return kind.create(GRAPH, LocalModelStorage(tmp_path), context)


@pytest.mark.parametrize("targets", [None, ["joined"], ["aside"], ["third", "second"], ["first"]], ids=str)
def test_the_same_nodes_run_once_each_and_give_the_same(targets: list[str] | None, tmp_path: Any) -> None:
    found = {}
    for kind in (DaskGraphRunner, OrderedGraphRunner):
        running = runner(kind, tmp_path)
        results = [running.run(inputs={"told": told}, targets=targets) for told in (2, 7)]
        found[kind] = results, sorted(CALLS)
    assert found[OrderedGraphRunner] == found[DaskGraphRunner]
    assert len(found[OrderedGraphRunner][1]) >= 2


@pytest.mark.parametrize("kind", [DaskGraphRunner, OrderedGraphRunner])
def test_a_node_that_fails_fails_alike(kind: type[GraphRunner], tmp_path: Any) -> None:
    from rasa.engine.exceptions import GraphComponentException

    with pytest.raises(GraphComponentException, match="broken"):
        runner(kind, tmp_path).run(inputs={"told": 1}, targets=["broken"])


def test_a_missing_or_clashing_input_is_refused(tmp_path: Any) -> None:
    running = runner(OrderedGraphRunner, tmp_path)
    with pytest.raises(GraphRunError, match="told"):
        running.run(targets=["joined"])
    with pytest.raises(GraphRunError, match="first"):
        running.run(inputs={"told": 1, "first": 2}, targets=["joined"])


def test_nodes_that_need_each_other_are_refused(tmp_path: Any) -> None:
    schema = GraphSchema({"a": node("a", 1, left="b"), "b": node("b", 1, left="a")})
    running = OrderedGraphRunner.create(schema, LocalModelStorage(tmp_path), ExecutionContext(schema, "model"))
    with pytest.raises((GraphRunError, RecursionError)):
        running.run(targets=["a"])


def test_rasa_loads_its_model_with_it() -> None:
    """The name that is replaced is the one that the processor hands to its loader."""
    code = (
        "import inspect, rasa.core.processor as p; from rasa.shared.core.domain import Domain; "
        "from switchboard.bot_memory import BoundedTrackerStore as Store; Store(Domain.empty(), host='sqlite://'); "
        "from switchboard.bot_graph import OrderedGraphRunner; "
        "assert p.DaskGraphRunner is OrderedGraphRunner; "
        "assert 'DaskGraphRunner' in inspect.getsource(p.MessageProcessor._load_model)"
    )
    subprocess.run([sys.executable, "-c", code], timeout=120, check=True)
