"""A gateway served by this process, as many times over as there are tests.

A server starts once in its life, a test process two thousand times; so what Sanic and alembic work out at each start
from the same source is worked out once here, and a gateway that has stopped is let go. Nothing of ours is replaced."""

from __future__ import annotations

import ast
import functools
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import sanic_routing.route
import sanic_routing.router
from alembic.script import ScriptDirectory
from sanic import Blueprint, Sanic
from sanic.router import Router
from sanic.touchup import TouchUp

# Sanic rewrites its own methods when a server starts, and can do so twice in one process only in this mode.
Sanic.test_mode = True
# For each route of each new gateway, Sanic reads the handler's source anew to guess in which format its errors are
# told. The gateway tells all of them itself (switchboard/http_errors.py), and the guess was a third of a start.
Sanic._determine_error_format = lambda _app, _handler: ""  # type: ignore[method-assign]
Blueprint._determine_error_format = lambda _blueprint, _handler: ""  # type: ignore[method-assign]


async def serve(app: Sanic, port: int) -> Callable[[], Awaitable[None]]:
    """Start the app; what is returned stops it."""
    server = await app.create_server("127.0.0.1", port, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.before_start()
    await server.after_start()

    async def stop() -> None:
        await server.before_stop()
        server.close()
        for connection in list(server.connections):
            connection.abort() if hasattr(connection, "abort") else None
        await server.after_stop()
        # Sanic remembers for the whole process which router found what, and with the router all of its app.
        Router.get.cache_clear()
        Router.find_route_by_view_name.cache_clear()

    return stop


def _work_out_routers_once() -> None:
    # A router's source goes through a syntax tree, which is written out again for whoever debugs it.
    as_it_is = {"parse": str, "unparse": str, "fix_missing_locations": str}
    sanic_routing.router.ast = SimpleNamespace(**{**vars(ast), **as_it_is})
    sanic_routing.router.compile = functools.lru_cache(maxsize=64)(compile)
    for module in (sanic_routing.router, sanic_routing.route):
        module.path_to_parts = functools.lru_cache(maxsize=4096)(module.path_to_parts)


def _rewrite_methods_once() -> None:
    """Sanic takes the signals an app does not listen to out of its classes' methods: the same for every gateway."""
    rewrite = TouchUp.run
    last: list[Any] = []

    def rewrite_for_others(app: Sanic) -> None:
        wanted = [app.state.verbosity, sorted(str(signal.path) for signal in app.signal_router.routes)]
        if wanted != last:
            rewrite(app)
            last[:] = wanted

    TouchUp.run = rewrite_for_others


def _read_migrations_once() -> None:
    read = functools.lru_cache(maxsize=4)(ScriptDirectory)
    ScriptDirectory.from_config = lambda config: read(config.get_main_option("script_location"))


_work_out_routers_once()
_rewrite_methods_once()
_read_migrations_once()
