"""What runs beside the server: it begins when the server has started and has ended before the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Union

from sanic import Blueprint, Sanic

Work = Callable[[], Coroutine[Any, Any, Any]]


def while_served(routes: Union[Sanic, Blueprint], *works: Work) -> None:
    """Run each of these until it returns or the server stops; one that is cancelled may finish what it must."""
    tasks: list[asyncio.Task[Any]] = []

    @routes.listener("after_server_start")
    async def begin(_app: Any, _loop: Any) -> None:
        tasks.extend(asyncio.get_running_loop().create_task(work()) for work in works)

    @routes.listener("before_server_stop")
    async def end(_app: Any, _loop: Any) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
