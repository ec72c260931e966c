"""Where the help pages stand and what a browser may do on them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

# Under which the gateway serves the pages; a shop's proxy may show them under another path.
SERVED_AT = "/help"


@dataclass(frozen=True)
class Site:
    """The shop whose help pages these are. ``url`` is the public address of its help pages."""

    shop_name: str
    url: str
    gateway_url: str
    inbox: str
    default_locale: str
    home: str | None = None  # the shop itself

    @property
    def root(self) -> str:
        """The path of ``url``, before which every link on the pages begins."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def origin(self) -> str:
        """Before which a path in an answer becomes an address."""
        own = urlsplit(self.url)
        return f"{own.scheme}://{own.netloc}"

    @property
    def gateway(self) -> str:
        """What stands before a path of the gateway: nothing when the pages are on its own address."""
        own, gateway = urlsplit(self.url), urlsplit(self.gateway_url)
        return "" if own[:2] == gateway[:2] else self.gateway_url.rstrip("/")

    def address(self, path: str) -> str:
        """The public address of a page, whatever host the request named."""
        return f"{self.url.rstrip('/')}/{path}"

    def link(self, path: str) -> str:
        """The same within the pages."""
        return f"{self.root}/{path}"

    def image(self, address: str) -> str:
        """An article's image: ours moves with the pages, others stay where they are."""
        return self.link(address.removeprefix(f"{SERVED_AT}/")) if address.startswith(f"{SERVED_AT}/") else address

    @property
    def policy(self) -> str:
        """Own files only, the widget's from the gateway, and pictures of articles from anywhere on https."""
        sockets = self.gateway_url.replace("https://", "wss://").replace("http://", "ws://")
        gateway = f" {self.gateway}" if self.gateway else ""
        return (
            f"default-src 'none'; script-src 'self'{gateway}; style-src 'self'; "
            f"img-src 'self' https: data: blob:{gateway}; media-src blob:; "
            f"connect-src 'self'{gateway} {sockets}; font-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
