"""A page of a few lines that a customer comes to from outside of the chat: no script, not indexed, in no frame."""

from __future__ import annotations

import html
from collections.abc import Mapping

from sanic.response import HTTPResponse
from sanic.response import html as html_response

_STYLES = "/widget/static/page"
_PAGE = """<!doctype html>
<html lang="{locale}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{title}</title>
    <link rel="icon" href="data:,">
    {styles}
  </head>
  <body>
    <main class="{kind}">
      <h1>{title}</h1>
{content}
    </main>
  </body>
</html>
"""
# A browser that was sent on from a form asks `form-action` as well.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action {forms_to}; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "X-Frame-Options": "DENY"}


def small_page(
    locale: str,
    title: str,
    content: str,
    status: int = 200,
    *,
    kind: str = "before",
    styles: tuple[str, ...] = ("page",),
    forms_to: str = "'none'",
    headers: Mapping[str, str] | None = None,
) -> HTTPResponse:
    """`title` as text, `content` as HTML. `kind` is the class that `styles`, the names of style sheets, know it by;
    `forms_to` where forms may lead, as the policy writes it."""
    page = _PAGE.format(
        locale=locale,
        title=html.escape(title),
        content=content,
        kind=kind,
        styles="\n    ".join(f'<link rel="stylesheet" href="{_STYLES}/{one}.css">' for one in styles),
    )
    policy = {"Content-Security-Policy": _POLICY.format(forms_to=forms_to), "Content-Language": locale}
    return html_response(page, status, {**HEADERS, **policy, **(headers or {})})
