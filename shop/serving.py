"""The shop of a process that has no settings but its environment: opened once, by the first who asks.

The same names as in the table of settings, each with `SWITCHBOARD_` before it: shop_adapter, shop_url, shop_token,
data_dir.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import shop

if TYPE_CHECKING:
    from shop.records import Shop


@lru_cache(maxsize=1)
def served() -> Shop:
    if _setting("SHOP_ADAPTER", "sql") == "http":
        return shop.open_shop({"adapter": "http", "base_url": _setting("SHOP_URL"), "token": _setting("SHOP_TOKEN")})
    url = _setting("SHOP_URL") or f"sqlite:///{Path(_setting('DATA_DIR', 'var')) / 'shop.db'}"
    return shop.open_shop({"adapter": "sql", "url": url})


def _setting(name: str, default: str = "") -> str:
    return os.environ.get(f"SWITCHBOARD_{name}") or default
