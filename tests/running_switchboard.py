"""The real processes, as `make run` starts them: gateway, bot with the trained model, actions."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ports import free_port
from waiting import answers, wait_until

from switchboard import training

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_SECONDS = 150


class Running:
    """A started Switchboard."""

    def __init__(self, process: subprocess.Popen[str], data: Path, port: int) -> None:
        self.process = process
        self.data = data
        self.base = f"http://127.0.0.1:{port}"

    def pid(self, name: str) -> int:
        return int((self.data / f"{name}.pid").read_text())

    def kill(self, name: str) -> int:
        """kill -9; returns the pid that died."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_another(self, name: str, old: int, seconds: float = 60) -> None:
        """Until the runner has started it again and it is ready."""
        wait_until(lambda: self.pid(name) != old and answers(f"{self.base}/readyz"), seconds, f"{name} comes back")


def trained_model() -> Path:
    """The model of the sources as they are, trained by the first that needs it; the other workers wait for it."""
    data = ROOT / "var"
    data.mkdir(exist_ok=True)
    with (data / "training.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return training.model_for(ROOT, data / "models", data / "logs", lambda _: None)


def environment(data: Path, port: int, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHBOARD_")}
    return {**clean, "SWITCHBOARD_DATA_DIR": str(data), "SWITCHBOARD_PORT": str(port), "PYTHONUNBUFFERED": "1", **more}


@contextlib.contextmanager
def switchboard(data: Path, **settings: str) -> Iterator[Running]:
    """Start everything and wait until a customer can be answered; stop it with Ctrl-C."""
    port = free_port()
    # Training has tests of its own.
    model = trained_model()
    (data / "models").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, data / "models" / model.name)
    process = subprocess.Popen(
        [sys.executable, "-m", "switchboard", "run"],
        cwd=ROOT,
        env=environment(data, port, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output: list[str] = []
    assert process.stdout is not None
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while "Stop with Ctrl-C" not in "".join(output):
        line = process.stdout.readline()
        output.append(line)
        assert line or process.poll() is None, "".join(output)
        assert time.monotonic() < deadline, "".join(output)
    running = Running(process, data, port)
    running.output = "".join(output)  # type: ignore[attr-defined]
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
        process.kill()
        process.stdout.close()
        process.wait()
