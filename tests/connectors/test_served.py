"""What runs beside a server begins and ends with it."""

from __future__ import annotations

import asyncio

from gateway_parts import free_port
from sanic import Blueprint, Sanic

from connectors.served import while_served


async def test_what_runs_beside_a_server_has_finished_before_it_stops() -> None:
    Sanic.test_mode = True
    seen: list[str] = []

    async def fetches() -> None:
        seen.append("fetches")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # what has to be finished takes a turn of the loop at least
            seen.append("put away")

    async def breaks() -> None:
        seen.append("breaks")
        raise OSError("the provider is away")

    app, routes = Sanic("served"), Blueprint("served")
    while_served(routes, breaks, fetches)
    app.blueprint(routes)
    server = await app.create_server("127.0.0.1", free_port(), return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.before_start()
    assert seen == []
    await server.after_start()
    await asyncio.sleep(0)  # a task begins at the next turn of the loop
    assert seen == ["breaks", "fetches"]
    await server.before_stop()
    assert seen == ["breaks", "fetches", "put away"]
    server.close()
    await server.after_stop()
