"""The fixtures of a running gateway."""

from __future__ import annotations

from gateway_fixtures import gateway, root, shop_url, start

__all__ = ["gateway", "root", "shop_url", "start"]
