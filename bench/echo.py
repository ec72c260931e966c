"""A bare Sanic WebSocket that sends back what it gets: `python -m bench.echo PORT`."""

from __future__ import annotations

import sys
from typing import Any

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, text


def serve(port: int) -> None:
    """Run until a signal, with the server settings of the gateway."""
    app = Sanic("echo", configure_logging=False)
    app.config.ACCESS_LOG = False

    @app.websocket("/live")
    async def live(_request: Request, socket: Any) -> None:
        while True:
            await socket.send(await socket.recv())

    @app.get("/readyz")
    async def readyz(_request: Request) -> HTTPResponse:
        return text("ready")

    app.run("127.0.0.1", port, workers=1, access_log=False, debug=False, motd=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
