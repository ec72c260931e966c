"""The chat as a page of its own, /chat: for the WebViews of apps, for H5 pages, for a link in a menu.

The server knows the language and the shop's name, and nothing of who opens it: an identity is handed over behind the #,
which browsers send to nobody.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import html as html_response

from faq_kb.help.languages import wanted
from handoff import texts
from switchboard import language

TEMPLATE = Path(__file__).resolve().parent.parent / "connectors" / "web" / "static" / "page" / "chat.html"
_HEADERS = {
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def handler(
    shop_name: str, help_address: str, default_locale: str, policy: Mapping[str, str]
) -> Callable[[Request], Awaitable[HTTPResponse]]:
    """GET /chat?lang=: the page in that language, else in the browser's."""
    template = TEMPLATE.read_text(encoding="utf-8")
    written = {locale: _written(template, shop_name, f"{help_address}/{locale}", locale) for locale in language.LOCALES}

    async def chat(request: Request) -> HTTPResponse:
        given = request.args.get("lang")
        accepted = request.headers.get("accept-language", "")
        locale = language.nearest(given[:40], default_locale) if given else wanted(accepted, default_locale)
        return html_response(written[locale], headers={**_HEADERS, **policy, "Content-Language": locale})

    return chat


def _written(template: str, shop_name: str, help_page: str, locale: str) -> str:
    values = {
        "locale": locale,
        "title": texts.say("chat_page_title", locale, shop=shop_name),
        "loading": texts.say("chat_page_loading", locale),
        "late": texts.say("chat_page_late", locale),
        "help": help_page,
        "help_label": texts.say("chat_page_help", locale),
    }
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", html.escape(value))
    return template
