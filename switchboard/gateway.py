"""The gateway as a process."""

from __future__ import annotations

from sanic import Sanic

from switchboard import logs
from switchboard.app import create_app
from switchboard.settings import Settings


def serve(settings: Settings) -> None:
    """Run until a signal."""
    logs.configure(settings.log_level)
    app: Sanic = create_app(settings)
    app.run(settings.host, settings.port, workers=1, access_log=False, debug=False, motd=False)
