"""Inside a bot: where the time of a message goes.

`python -m bench.probe MODEL ENDPOINTS ROUNDS OUT`, in the bot's folder. Loads the model as `rasa run` does, lets the
scripts' customers talk to it without HTTP, and writes milliseconds a message by stage and by component to OUT as JSON.
A stage's time is its own: what it calls and is a stage itself counts there. A process of its own, since only bots load
TensorFlow.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from bench.customers import Script, metadata, sentences
from bench.figures import typical_ms

STAGES = {
    "get_tracker": "read_memory",
    "parse_message": "understand",
    "run_action_extract_slots": "fill_slots",
    "predict_next_with_tracker_if_should": "decide",
    "_run_action": "act",
    "save_tracker": "write_memory",
}


class Clock:
    """Adds up the own time of nested stages, message by message; one message at a time."""

    def __init__(self) -> None:
        self.messages: list[dict[str, float]] = []
        self._open: list[float] = []

    def next_message(self) -> None:
        """From here on, times belong to another message."""
        self.messages.append(defaultdict(float))

    def timed(self, name_of: Callable[..., str], function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with its own time added under a name made from its arguments."""

        @wraps(function)
        async def later(*given: Any, **named: Any) -> Any:
            began = self._begin()
            try:
                return await function(*given, **named)
            finally:
                self._end(name_of(*given), began)

        @wraps(function)
        def now(*given: Any, **named: Any) -> Any:
            began = self._begin()
            try:
                return function(*given, **named)
            finally:
                self._end(name_of(*given), began)

        return later if asyncio.iscoroutinefunction(function) else now

    def own_ms(self, places: int) -> dict[str, float]:
        """Milliseconds a message by name, over rounds of so many messages."""
        names = sorted({name for one in self.messages for name in one})
        return {
            name: round(typical_ms([one.get(name, 0.0) * 1000 for one in self.messages], places), 3) for name in names
        }

    def _begin(self) -> float:
        self._open.append(0.0)
        return time.perf_counter()

    def _end(self, name: str, began: float) -> None:
        lasted = time.perf_counter() - began
        if self.messages:
            self.messages[-1][name] += lasted - self._open[-1]
        self._open.pop()
        if self._open:
            self._open[-1] += lasted


async def probe(model: str, endpoints_file: str, rounds: int) -> dict[str, Any]:
    """Milliseconds a message: the whole, by stage, and by component of the pipeline."""
    from rasa.core.agent import load_agent
    from rasa.core.utils import read_endpoints_from_path
    from rasa.engine.graph import GraphNode

    endpoints = read_endpoints_from_path(endpoints_file)
    agent = await load_agent(model_path=model, endpoints=endpoints)
    processor = agent.processor
    if processor is None:
        raise SystemExit(f"the model {model} cannot be loaded")
    scripts = sentences().scripts
    by_stage, by_component = Clock(), Clock()
    for method, stage in STAGES.items():
        setattr(processor, method, by_stage.timed(lambda *_, stage=stage: stage, getattr(processor, method)))
    if endpoints.action is not None:
        endpoints.action.request = by_stage.timed(lambda *_: "action_server", endpoints.action.request)
    agent.handle_message = by_stage.timed(lambda *_: "rest", agent.handle_message)
    component = lambda node, *_: node._component_class.__name__  # noqa: E731
    GraphNode.__call__ = by_component.timed(component, GraphNode.__call__)

    await _converse(agent, scripts, ())
    for _ in range(rounds):
        await _converse(agent, scripts, (by_stage, by_component))
    places = sum(len(script.says) for script in scripts)
    stages = by_stage.own_ms(places)
    return {
        "total_ms": round(sum(stages.values()), 3),
        "stages_ms": stages,
        "components_ms": by_component.own_ms(places),
    }


async def _converse(agent: Any, scripts: tuple[Script, ...], clocks: tuple[Clock, ...]) -> None:
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

    for script in scripts:
        sender = uuid.uuid4().hex
        for text in script.says:
            for clock in clocks:
                clock.next_message()
            await agent.handle_message(
                UserMessage(
                    text, CollectingOutputChannel(), sender, input_channel="rest", metadata=metadata(script.locale)
                )
            )


if __name__ == "__main__":
    found = asyncio.run(probe(sys.argv[1], sys.argv[2], int(sys.argv[3])))
    Path(sys.argv[4]).write_text(json.dumps(found), encoding="utf-8")
