"""Our side: everything that `switchboard run` starts, as shipped, on a data folder of the bench's own."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import BenchFailed, Process, free_port, quiet_environment
from switchboard import training

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN_SECONDS = 240  # with the training of a model that is not there yet
GATEWAY_WITHIN_SECONDS = 60
SERVICES = ("gateway", "bot", "actions")

# Customers of the relay send faster than people type; nothing else of the shipping configuration is changed.
RELAY_SETTINGS = {"SWITCHBOARD_MESSAGES_BURST": "1000000", "SWITCHBOARD_MESSAGES_PER_SECOND": "1000000"}
RELAY_LOGIN = "bench"


@dataclass(frozen=True)
class Ours:
    """A running platform."""

    gateway_url: str
    bot_url: str
    actions_port: int
    model: Path
    folder: Path

    @property
    def webhook(self) -> str:
        """Where the rest channel takes messages."""
        return f"{self.gateway_url}/webhooks/rest/webhook"

    def pid(self, service: str) -> int:
        """The number of one of its processes."""
        return int((self.folder / f"{service}.pid").read_text(encoding="ascii"))

    def count(self, table: str, where: str = "1") -> int:
        """Rows of a table of the platform's database."""
        with closing(sqlite3.connect(f"file:{self.folder / 'switchboard.db'}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])


@dataclass(frozen=True)
class RelayGateway:
    """A gateway with the relay's settings, and an agent who may sign in there."""

    url: str
    login: str
    password: str


@contextmanager
def running(data: Path, tell: Callable[[str], None]) -> Iterator[Ours]:
    """The platform, ready; its data folder is new, its model is trained when there is none."""
    folder = data / "bench" / "ours"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    models = data / "models"
    models.mkdir(parents=True, exist_ok=True)
    # One cache of models, that of `make run`.
    (folder / "models").symlink_to(models.resolve(), target_is_directory=True)
    ports = free_port(), free_port(), free_port()
    environment = quiet_environment(
        SWITCHBOARD_DATA_DIR=str(folder.resolve()),
        SWITCHBOARD_PORT=str(ports[0]),
        SWITCHBOARD_BOT_PORT=str(ports[1]),
        SWITCHBOARD_ACTIONS_PORT=str(ports[2]),
    )
    gateway_url = f"http://127.0.0.1:{ports[0]}"
    command = [sys.executable, "-m", "switchboard", "run"]
    with Process("switchboard run", command, ROOT, environment, folder / "run.log") as runner:
        runner.wait_until(f"{gateway_url}/readyz", START_WITHIN_SECONDS, tell)
        model = models / f"{training.fingerprint(ROOT)}.tar.gz"
        yield Ours(gateway_url, f"http://127.0.0.1:{ports[1]}", ports[2], model, folder)


@contextmanager
def relay_gateway(ours: Ours, tell: Callable[[str], None]) -> Iterator[RelayGateway]:
    """A second gateway on the same bot, with a database of its own and the limit for one customer out of the way."""
    folder = ours.folder / "relay"
    folder.mkdir()
    url = f"http://127.0.0.1:{free_port()}"
    environment = quiet_environment(
        SWITCHBOARD_DATA_DIR=str(folder.resolve()),
        SWITCHBOARD_PORT=url.rpartition(":")[2],
        SWITCHBOARD_BOT_URLS=ours.bot_url,
        SWITCHBOARD_ACTIONS_PORT=str(ours.actions_port),
        SWITCHBOARD_SHOP_URL=f"sqlite:///{(ours.folder / 'shop.db').resolve()}",
        **RELAY_SETTINGS,
    )
    password = secrets.token_urlsafe(18)
    python = [sys.executable, "-m", "switchboard"]
    with Process("the relay's gateway", [*python, "gateway"], ROOT, environment, folder / "gateway.log") as gateway:
        gateway.wait_until(f"{url}/readyz", GATEWAY_WITHIN_SECONDS, tell)
        add = ["add", RELAY_LOGIN, "--name", "Bench", "--password-stdin"]
        # One agent for all customers, more than a person would take.
        for command, given in ((add, password.encode()), (["work", RELAY_LOGIN, "--capacity", "100"], b"")):
            done = subprocess.run(
                [*python, "agent", *command],
                cwd=ROOT,
                env=environment,
                input=given,
                capture_output=True,
                timeout=GATEWAY_WITHIN_SECONDS,
            )
            if done.returncode != 0:
                raise BenchFailed(f"The relay's agent could not be made: {done.stderr.decode(errors='replace')[-300:]}")
        yield RelayGateway(url, RELAY_LOGIN, password)
