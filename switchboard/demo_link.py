"""The demo shop's account-link page, /shop/link: what a shop's own server does for a customer who is signed in there.

A real shop knows who is signed in; here the visitor says who they are. What is signed goes on by a form, so that it
stands in no address and in nobody's log.
"""

from __future__ import annotations

import html

from sanic.request import Request
from sanic.response import HTTPResponse

import shop
from handoff.clock import Clock
from switchboard import language
from switchboard.small_page import small_page

_CUSTOMERS = {"c-0001": "陳美玲", "c-0002": "林志豪", "c-0003": "王芳", "c-0004": "Alex Wong"}
_TEXTS = {
    "zh-HK": ("示範商店：你係邊位？", "喺真正嘅商店，你會先登入。揀一位示範顧客，就當佢已經登入咗。", "以 {name} 繼續"),
    "zh-TW": ("示範商店：您是哪一位？", "在真正的商店，您會先登入。選一位示範顧客，就當作已經登入。", "以 {name} 繼續"),
    "zh-CN": ("演示商店：您是哪一位？", "在真正的商店，您会先登录。选一位演示顾客，就当作已经登录。", "以 {name} 继续"),
    "en": (
        "Demo shop: who are you?",
        "In a real shop you sign in first. Here, choose who is signed in.",
        "Go on as {name}",
    ),
}
_FORM = """      <form method="post" action="/link">
        <input type="hidden" name="identity" value="{identity}">
        <button class="quiet">{label}</button>
      </form>"""
_MOST_TOKEN_CHARS = 200


def page(request: Request, secret: str, audience: str, default_locale: str, clock: Clock) -> HTTPResponse:
    """GET /shop/link?link_token=…&lang=…"""
    locale = language.nearest((request.args.get("lang") or "")[:40], default_locale)
    title, words, label = _TEXTS[locale]
    token = (request.args.get("link_token") or "")[:_MOST_TOKEN_CHARS]
    forms = [
        _FORM.format(
            identity=shop.sign_identity(customer, secret, clock(), 60, nonce=token, aud=audience),
            label=html.escape(label.format(name=name)),
        )
        for customer, name in _CUSTOMERS.items()
    ]
    content = "\n".join((f"      <p>{words}</p>", *forms))
    return small_page(locale, title, content, kind="link", styles=("page", "link"), forms_to="'self'")
