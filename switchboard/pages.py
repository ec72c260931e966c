"""The pages, as files served as they were written: the widget's script, the demo shop, the desk, the console."""

from __future__ import annotations

from pathlib import Path

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json, text

import shop
from handoff.clock import Clock
from switchboard import chat_page, demo_link
from switchboard.files import file_below, serve
from switchboard.http_errors import error_response

ROOT = Path(__file__).resolve().parent.parent
WIDGET_FILES = ROOT / "connectors" / "web" / "static"
DESK_FILES = ROOT / "handoff" / "desk" / "static"
CONSOLE_FILES = ROOT / "faq_kb" / "console" / "static"
# What the desk and the console have in common.
PAGE_FILES = ROOT / "switchboard" / "page"

_OWN_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{shops} data:{memory}; "
    "media-src 'self'{memory}; connect-src 'self'{sockets}; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Any shop may load the widget's files; what the widget may do is decided by the origin of its page, elsewhere.
_FOR_SHOPS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_FRESH = "no-cache"
# The help pages are there to be found; a search's results are not pages of their own.
_ROBOTS = """User-agent: *
Disallow: /desk
Disallow: /faq
Disallow: /widget/
Disallow: /f/
Disallow: /help/*/search
Sitemap: {help_address}/sitemap.xml
"""


def blueprint(
    base_url: str,
    help_address: str,
    shop_name: str,
    default_locale: str,
    demo: bool,
    identity_secret: str,
    clock: Clock,
    port: int,
) -> Blueprint:
    """The pages' routes; the demo shop and its sign-in only in the demo."""
    routes = Blueprint("pages")
    sockets = _sockets(base_url, port)

    @routes.get("/widget.js")
    async def widget(request: Request) -> HTTPResponse:
        return serve(request, WIDGET_FILES / "widget.js", cache=_FRESH, headers=_FOR_SHOPS)

    @routes.get("/widget/static/<path:path>")
    async def widget_files(request: Request, path: str) -> HTTPResponse:
        return _file(request, WIDGET_FILES, path, _FOR_SHOPS, cache=_FRESH)

    @routes.get("/robots.txt")
    async def robots(request: Request) -> HTTPResponse:
        return text(_ROBOTS.format(help_address=help_address), headers={"Cache-Control": _FRESH})

    # The widget shows files from the page's memory, for the gateway gives them for its token alone.
    policy = {"Content-Security-Policy": _OWN_ONLY.format(sockets=sockets, memory=" blob:", shops="")}
    # What is sold is shown with the shop's own pictures, as on the shop's pages.
    chat_policy = {"Content-Security-Policy": _OWN_ONLY.format(sockets=sockets, memory=" blob:", shops=" https:")}
    routes.add_route(chat_page.handler(shop_name, help_address, default_locale, chat_policy), "/chat", name="chat")
    _add_staff_pages(routes, _OWN_ONLY.format(sockets=sockets, memory="", shops=""))
    if demo:
        _add_demo_shop(routes, policy, identity_secret, clock)

        @routes.get("/shop/link")
        async def account_link(request: Request) -> HTTPResponse:
            return demo_link.page(request, identity_secret, base_url, default_locale, clock)

    return routes


def _add_staff_pages(routes: Blueprint, policy: str) -> None:
    # Neither page writes markup from strings, and the browser may hold them to that.
    desk_policy = {
        "Content-Security-Policy": f"{policy}; require-trusted-types-for 'script'; trusted-types switchboard-ticker"
    }
    console_policy = {"Content-Security-Policy": f"{policy}; require-trusted-types-for 'script'; trusted-types 'none'"}

    @routes.get("/desk")
    async def desk(request: Request) -> HTTPResponse:
        return serve(request, DESK_FILES / "desk.html", cache=_FRESH, headers=desk_policy)

    @routes.get("/desk/team")
    async def team(request: Request) -> HTTPResponse:
        return serve(request, DESK_FILES / "team.html", cache=_FRESH, headers=console_policy)

    @routes.get("/desk/static/<path:path>")
    async def desk_files(request: Request, path: str) -> HTTPResponse:
        return _file(request, DESK_FILES, path, desk_policy)

    @routes.get("/faq")
    async def console(request: Request) -> HTTPResponse:
        return serve(request, CONSOLE_FILES / "console.html", cache=_FRESH, headers=console_policy)

    @routes.get("/faq/static/<path:path>")
    async def console_files(request: Request, path: str) -> HTTPResponse:
        return _file(request, CONSOLE_FILES, path, console_policy)

    @routes.get("/page/static/<path:path>")
    async def page_files(request: Request, path: str) -> HTTPResponse:
        return _file(request, PAGE_FILES, path, console_policy)


def _add_demo_shop(routes: Blueprint, policy: dict[str, str], identity_secret: str, clock: Clock) -> None:
    @routes.get("/")
    async def storefront(request: Request) -> HTTPResponse:
        return serve(request, WIDGET_FILES / "shop" / "index.html", cache=_FRESH, headers=policy)

    @routes.get("/shop/<path:path>")
    async def shop_files(request: Request, path: str) -> HTTPResponse:
        return _file(request, WIDGET_FILES / "shop", path, policy)

    @routes.get("/shop/demo-identity")
    async def demo_identity(request: Request) -> HTTPResponse:
        """What a shop's own server does for a customer who signed in there."""
        wanted = request.args.get("customer") or ""
        if wanted not in ("c-0001", "c-0002", "c-0003", "c-0004"):
            return error_response(404, "not_found", "There is no such demo customer.")
        return json({"identity": shop.sign_identity(wanted, identity_secret, clock(), minutes=60)})


def _file(request: Request, folder: Path, path: str, headers: dict[str, str], cache: str = _FRESH) -> HTTPResponse:
    found = file_below(folder, path)
    return (
        serve(request, found, cache, headers) if found else error_response(404, "not_found", "There is nothing here.")
    )


def _sockets(base_url: str, port: int) -> str:
    """'self' does not cover ws:// in every browser of the last years."""
    own = base_url.replace("https://", "wss://").replace("http://", "ws://")
    return f" {own} ws://127.0.0.1:{port} ws://localhost:{port}"
