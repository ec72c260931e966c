"""What can go wrong in this package. Messages are constant: no token, number or phone ever stands in one."""

from __future__ import annotations

from enum import Enum


class ShopError(Exception):
    """Something is wrong with the shop's data."""

    code = "shop_error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class BadShopSettings(ShopError):
    """The settings of the shop cannot be used."""

    code = "bad_shop_settings"


class NotADemoShop(ShopError):
    """This database holds a shop that the demo script did not make; it is left alone."""

    code = "not_a_demo_shop"


class Unavailable(Enum):
    """Why the shop's system gave no usable answer."""

    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    REFUSED = "refused"  # 401, 403: our token is wrong
    FAILED = "failed"  # any other status than 200 and the documented 404
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"  # not JSON, or not the documented fields
    DATABASE = "database"


class ShopUnavailable(ShopError):
    """The shop's system cannot be asked right now."""

    code = "shop_unavailable"

    def __init__(self, reason: Unavailable, detail: str = "") -> None:
        """`detail` is for the log of whoever catches this: a field or a status, never a value."""
        super().__init__()
        self.reason = reason
        self.detail = detail


class NotOffered(ShopUnavailable):
    """The shop's system does not do this at all."""

    code = "shop_does_not_offer"


class IdentityRefused(ShopError):
    """This sign-in could not be verified."""

    code = "identity_refused"

    def __init__(self, code: str) -> None:
        """The code says why and is for logs; the message is always the same."""
        super().__init__()
        self.code = code
