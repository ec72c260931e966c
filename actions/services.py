"""What the actions ask: the shop's orders and the articles. Opened on first use, by the settings of the environment.

The same names as in the table of settings, each with `SWITCHBOARD_` before it: data_dir, shop_adapter, shop_url,
shop_token, articles_dir.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from faq_kb import KnowledgeBase
from faq_kb.serving import served
from shop import OrderDesk, Shop
from shop.serving import served as served_shop


def knowledge() -> KnowledgeBase:
    """The articles in force."""
    return served().current


@lru_cache(maxsize=1)
def orders() -> OrderDesk:
    """Orders for those who may see them."""
    data = _data_dir()
    data.mkdir(parents=True, exist_ok=True)
    return OrderDesk(shop(), _setting("ATTEMPTS_URL") or f"sqlite:///{data / 'attempts.db'}")


def shop() -> Shop:
    return served_shop()


def _data_dir() -> Path:
    return Path(_setting("DATA_DIR", "var"))


def _setting(name: str, default: str = "") -> str:
    return os.environ.get(f"SWITCHBOARD_{name}") or default
