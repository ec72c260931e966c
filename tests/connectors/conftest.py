"""A gateway with one channel mounted, its provider beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "gateway")]

from gateway_fixtures import gateway, root, shop_url, start  # noqa: E402
from gateway_parts import Start  # noqa: E402
from kit import Customer, Kit  # noqa: E402
from providers.server import Provider  # noqa: E402

__all__ = ["gateway", "root", "shop_url", "start"]


@pytest.fixture
def kit(request: pytest.FixtureRequest) -> Kit:
    return request.cls.kit


@pytest.fixture
async def provider(kit: Kit) -> AsyncIterator[Provider]:
    async with kit.provider().running() as running:
        yield running


@pytest.fixture
async def customer(start: Start, root: Path, kit: Kit, provider: Provider) -> Customer:
    entry = {kit.class_path: kit.credentials(provider.address)}
    (root / "credentials.yml").write_text(json.dumps(entry), encoding="utf-8")
    return Customer(await start(default_language="en"), kit, provider)
