"""`python tests/once_more.py`: what failed beside other tests, run again alone.

Two browsers and a bot beside each other on two cores can make a test wait longer than it is willing to. A test that
fails here too has failed. One that passes here is named, so that it is looked at: it waits for too little, or hides a
race. More than a few of them are no accident, and fail without a second look. The nightly round gives nobody a second
chance.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST = 3
FAILED = Path(__file__).resolve().parent.parent / ".pytest_cache" / "v" / "cache" / "lastfailed"


def main() -> int:
    """The exit status of the second look, or 1 where none is due."""
    try:
        failed = sorted(json.loads(FAILED.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return 1
    if not 0 < len(failed) <= MOST:
        return 1
    print(f"\nOnce more, alone: {len(failed)}", flush=True)
    status = subprocess.call([sys.executable, "-m", "pytest", "-n", "0", "-m", "", *failed])
    if status == 0:
        print("FAILED BESIDE OTHERS, PASSED ALONE; each has a race to find:", *failed, sep="\n  ", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
