"""`switchboard run`: everything on one machine. Trains, fills the demo shop, starts the three processes, keeps them up.

Each process is started again when it dies; they die with the runner, however it ends.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

import shop.demo
from faq_kb import ArticleError, last_good
from handoff import agents, migrations
from handoff.clock import utc_now
from handoff.database import Database
from handoff.errors import LoginTaken
from handoff.models import Role
from switchboard import training
from switchboard.settings import Settings

START_WITHIN_SECONDS = 90
STOP_WITHIN_SECONDS = 8
LONGEST_PAUSE_SECONDS = 15
STABLE_AFTER_SECONDS = 30
_PR_SET_PDEATHSIG = 1

DEMO_AGENTS = (
    ("ben", "陳本 Ben", Role.AGENT, "demo-ben-1234", "zh-HK"),
    ("cleo", "Cleo", Role.AGENT, "demo-cleo-1234", "en"),
    ("sue", "Sue 蘇", Role.SUPERVISOR, "demo-sue-1234", "zh-TW"),
    ("eddy", "Eddy 李", Role.EDITOR, "demo-eddy-1234", "zh-HK"),
)


class CannotStart(Exception):
    """Something that must be there is not; the message says what and what to do."""


@dataclass
class Service:
    """One process, and how to tell that it is ready."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float = field(default=0.0)


class Runner:
    """Starts, watches and stops the services."""

    def __init__(self, settings: Settings, root: Path, tell: Callable[[str], None], progress: Callable[[str], None]):
        self._settings = settings
        self._root = root
        self._tell = tell
        self._progress = progress
        self._data = settings.data_path.resolve()
        self._logs = self._data / "logs"
        self._services: list[Service] = []
        self._stopping = False

    def run(self) -> int:
        """Until a signal. Raises CannotStart."""
        began = time.monotonic()
        self._check()
        self._prepare()
        model = None if self._settings.bot_urls else self._train()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._stop_soon)
        try:
            self._services = self._plan(model)
            for service in self._services:
                self._start(service)
            if self._wait_until_ready():
                self._tell_addresses(time.monotonic() - began)
                self._watch()
        finally:
            self._stop()
        return 0

    # -- before ------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        settings = self._settings
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, settings.port))
            except OSError as exc:
                raise CannotStart(
                    f"Port {settings.port} on {settings.host} cannot be used ({exc.strerror}); "
                    f"stop what uses it, or choose another: SWITCHBOARD_PORT={settings.port + 1} make run"
                ) from exc
        files = [*training.sources(self._root), self._root / "endpoints.yml", settings.credentials_path(self._root)]
        try:
            training.check_yaml((path for path in files if path.exists()), self._root)
            # A broken one stops nothing: it is served as it last was good.
            problems = last_good.not_served(settings.articles_path(self._root))
        except training.BrokenFile as exc:
            raise CannotStart(str(exc)) from exc
        except ArticleError as exc:
            raise CannotStart(str(exc.problems[0])) from exc
        for problem in problems:
            self._tell(f"Not served as it stands: {problem}")

    def _prepare(self) -> None:
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise CannotStart(f"The data folder {self._data} cannot be made: {exc.strerror}.") from exc
        settings = self._settings
        if settings.demo and settings.shop_adapter == "sql" and not settings.shop_url:
            try:
                shop.demo.fill(settings.shop_mapping["url"])
            except shop.ShopError as exc:
                raise CannotStart(f"The demo shop cannot be filled: {exc}") from exc
        database = Database(settings.database, settings.sqlite_synchronous)
        try:
            migrations.upgrade(database)
        except SQLAlchemyError as exc:
            raise CannotStart(f"The database of database_url cannot be used ({type(exc).__name__}).") from exc
        try:
            database.write_now(_add_demo_agents if settings.demo else _retire_demo_agents)
        finally:
            database.close()

    def _train(self) -> Path:
        try:
            return training.model_for(self._root, self._data / "models", self._logs, self._progress)
        except training.TrainingFailed as exc:
            raise CannotStart(str(exc)) from exc

    def _plan(self, model: Path | None) -> list[Service]:
        settings = self._settings
        bot_port = settings.bot_port or _free_port()
        actions_port = settings.actions_port or _free_port()
        python = sys.executable
        common = {
            **training.quiet_environment(self._root),
            **settings.environment(),
            "SWITCHBOARD_DATA_DIR": str(self._data),
            "SWITCHBOARD_ARTICLES_DIR": str(settings.articles_path(self._root).resolve()),
            "SWITCHBOARD_ACTIONS_PORT": str(actions_port),
            "SWITCHBOARD_BOT_PORT": str(bot_port),
        }
        # rasa-sdk listens on every address unless told otherwise.
        loopback = {**common, "SANIC_HOST": "127.0.0.1"}
        gateway = {**common, "SWITCHBOARD_BOT_URLS": settings.bot_urls or f"http://127.0.0.1:{bot_port}"}
        gateway.pop("PYTHONWARNINGS")
        services = [
            Service(
                "actions",
                [python, "-m", "rasa_sdk", "--actions", "actions", "--port", str(actions_port)],
                loopback,
                f"http://127.0.0.1:{actions_port}/health",
                self._logs / "actions.log",
            )
        ]
        if model is not None:
            services.append(
                Service(
                    "bot",
                    [
                        *(python, "-m", "rasa", "run", "--connector", "rest", "--interface", "127.0.0.1"),
                        *("--port", str(bot_port), "--model", str(model), "--endpoints", "endpoints.yml"),
                    ],
                    common,
                    f"http://127.0.0.1:{bot_port}/webhooks/rest/",
                    self._logs / "bot.log",
                )
            )
        gateway_url = f"http://{_reachable(settings.host)}:{settings.port}"
        services.append(
            Service(
                "gateway",
                [python, "-m", "switchboard", "gateway"],
                gateway,
                f"{gateway_url}/readyz",
                self._logs / "gateway.log",
            )
        )
        return services

    # -- the processes -----------------------------------------------------------------------------------------

    def _start(self, service: Service) -> None:
        with service.log.open("ab") as log:
            service.process = subprocess.Popen(
                service.command,
                cwd=self._root,
                env=service.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own: Ctrl-C reaches the runner alone, which stops them in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        service.started_at = time.monotonic()
        # In one step: whoever reads it finds the old number or the new one, never an empty file.
        place = self._data / f"{service.name}.pid"
        written = place.with_suffix(".pid.new")
        written.write_text(str(service.process.pid), encoding="ascii")
        written.replace(place)

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        waiting = list(self._services)
        while waiting and not self._stopping:
            for service in list(waiting):
                if service.process is not None and service.process.poll() is not None:
                    raise CannotStart(f"The {service.name} stopped at start: {_last_line(service.log)} ({service.log})")
                if _answers(service.ready_url):
                    waiting.remove(service)
            if time.monotonic() > deadline:
                names = " and ".join(service.name for service in waiting)
                raise CannotStart(f"Not ready after {START_WITHIN_SECONDS} s: {names}; see {self._logs}.")
            if waiting:
                self._progress("Starting: " + ", ".join(service.name for service in waiting))
                time.sleep(0.2)
        return not self._stopping

    def _watch(self) -> None:
        """Start again what dies, at once the first time and with growing pauses when it keeps dying."""
        while not self._stopping:
            now = time.monotonic()
            for service in self._services:
                if service.process is not None and service.process.poll() is not None:
                    self._plan_restart(service, now)
                if service.process is None and now >= service.restart_at:
                    self._start(service)
            time.sleep(0.2)

    def _plan_restart(self, service: Service, now: float) -> None:
        code = service.process.returncode if service.process else None
        service.failures = 0 if now - service.started_at > STABLE_AFTER_SECONDS else service.failures + 1
        pause = 0 if service.failures <= 1 else min(LONGEST_PAUSE_SECONDS, 2 ** (service.failures - 1))
        service.process = None
        service.restart_at = now + pause
        self._tell(f"The {service.name} stopped (exit {code}); starting it again.")

    def _stop_soon(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _stop(self) -> None:
        """First the gateway, so that no customer meets a bot that is going away."""
        running = [service for service in reversed(self._services) if service.process is not None]
        for service in running:
            _signal(service, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for service in running:
            try:
                if service.process is not None:
                    service.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            _signal(service, signal.SIGKILL)
            if service.process is not None:
                service.process.wait()
            (self._data / f"{service.name}.pid").unlink(missing_ok=True)

    def _tell_addresses(self, seconds: float) -> None:
        base = self._settings.public_url or f"http://{_reachable(self._settings.host)}:{self._settings.port}"
        self._tell(f"Switchboard is ready ({seconds:.0f} s).")
        self._tell(f"  Shop with the chat widget  {base}/")
        self._tell(f"  Agent desk                 {base}/desk")
        self._tell(f"  Editors' console           {base}/faq")
        if self._settings.demo:
            for login, _, role, password, _ in DEMO_AGENTS:
                self._tell(f"      sign in as {login:<5} password {password:<15} ({role.value})")
        self._tell(f"  API                        {base}/docs")
        self._tell("Stop with Ctrl-C.")


def _add_demo_agents(connection: Connection) -> None:
    for login, name, role, password, spoken in DEMO_AGENTS:
        if agents.by_login(connection, login) is None:
            try:
                agents.add(connection, login, name, role, password, utc_now(), spoken)
            except LoginTaken:
                continue


def _retire_demo_agents(connection: Connection) -> None:
    """Outside the demo nobody signs in with a password that stands in the README."""
    for login, _, _, password, _ in DEMO_AGENTS:
        stored, agent_id = agents.hash_for(connection, login)
        if agent_id is not None and agents.password_fits(stored, password):
            agents.set_active(connection, login, False)


def _die_with_parent() -> None:
    """On Linux a child asks to be stopped when the runner dies, also of a kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(service: Service, number: signal.Signals) -> None:
    if service.process is None:
        return
    try:
        os.killpg(service.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _free_port() -> int:
    # Not from the range that the kernel hands out by itself: a restart must find its port free again.
    for _ in range(200):
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise CannotStart("No free port on the loopback address.")


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
