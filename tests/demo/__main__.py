"""Start it all: the providers, Switchboard with a channel for each, and the page. Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import signal
import sys
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from running_switchboard import ROOT, switchboard

from demo.page import DemoPage
from demo.phones import phones

PAGE_PORT = 8090


@contextlib.asynccontextmanager
async def demo(place: Path, page_port: int, tell: Callable[[str], None]) -> AsyncIterator[tuple[str, str]]:
    """The addresses of the page and of the gateway, while all of it runs."""
    async with phones(tell) as made:
        place.mkdir(parents=True, exist_ok=True)
        credentials = place / "credentials.yml"
        credentials.write_text(json.dumps(dict(phone.entry for phone in made)), encoding="utf-8")
        tell("Starting the assistant; the first time it is trained, which takes a minute or two.")
        # What this starts waits in its own thread, for the providers are asked meanwhile.
        stack = contextlib.ExitStack()
        try:
            started = switchboard(place / "var", SWITCHBOARD_CREDENTIALS_FILE=str(credentials))
            running = await asyncio.to_thread(stack.enter_context, started)
            async with DemoPage(made, running.base).running(page_port) as address:
                yield address, running.base
        finally:
            await asyncio.to_thread(stack.close)


async def _main() -> None:
    place = ROOT / "var" / "demo-channels"
    # Everybody begins anew, as the providers do.
    shutil.rmtree(place, ignore_errors=True)
    done = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, done.set)
    async with demo(place, PAGE_PORT, print) as (page, gateway):
        print(f"\n  Every channel     {page}\n  The agents' desk  {page}/desk/ben\n  The shop          {gateway}/\n")
        print("Stop with Ctrl-C", flush=True)
        await done.wait()


if __name__ == "__main__":
    # The mail server of the tests speaks without TLS, and says so at length.
    warnings.simplefilter("ignore")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    asyncio.run(_main())
