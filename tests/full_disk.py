"""Disks that are full: by a real limit of the system, and by a real file system that is small."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from installed import missing


@contextmanager
def no_file_over(limit: int) -> Iterator[None]:
    """What the system says when a quota or a disk is full, for every file of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """A real file system of this size at the place of the files.

    Where nobody but root may mount, it is missing as a program may be. A container may keep mounting from root as well:
    no package and no right inside it changes that, so the test is skipped there with the system's own words, in CI too.
    """
    if os.geteuid() != 0:
        missing("root, who alone may mount a small file system,")
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
