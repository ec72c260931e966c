"""Our HTTP routes in one OpenAPI document, and a page that shows it."""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json
from sanic.response import html as html_response

from switchboard import __version__, openapi_desk, openapi_editing, openapi_files, openapi_service
from switchboard.openapi_parts import Operation, body, op, path, query

_PAGE_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid #8884}section{margin:1rem 0;padding:.75rem 1rem;border:1px solid #8884;
border-radius:.5rem}code{font:14px ui-monospace,monospace}.m{display:inline-block;min-width:4rem;font-weight:700}
p{margin:.3rem 0}dt{font-weight:600}dd{margin:0 0 .3rem 1rem}
"""

_VISITOR: Operation = {"security": [{"visitor": []}]}
_AGENT: Operation = {"security": [{"session": [], "csrf": []}]}
_READER: Operation = {"security": [{"session": []}]}
_CONVERSATION = {"401": "not signed in", "403": "csrf_refused", "404": "unknown_conversation"}


def _change(summary: str, conflict: str) -> dict[str, Operation]:
    answers = {"200": "the conversation as it is now", "409": conflict, **_CONVERSATION}
    return {"post": op("desk", summary, answers, **_AGENT, parameters=path("conversation_id"))}


def _page(summary: str, *parameters: str) -> dict[str, Operation]:
    answers = {"200": "the file", "404": "not_found"} if parameters else {"200": "the file"}
    more = {"parameters": [one for name in parameters for one in path(name)]} if parameters else {}
    return {"get": op("pages", summary, answers, **more)}


def _pages() -> dict[str, dict[str, Operation]]:
    who = [{"name": "customer", "in": "query", "required": True, "schema": {"type": "string"}}]
    answers = {"200": "the identity", "404": "not_found"}
    identity = op("pages", "A signed identity of a demo customer; only in the demo.", answers)
    return {
        "/widget.js": _page("The widget's script."),
        "/chat": _page("The chat as a page of its own, in the language `lang` or the browser's."),
        "/widget/static/{path}": _page("A file of the widget.", "path"),
        "/desk": _page("The agents' desk."),
        "/desk/team": _page("The team, its shifts and who is there."),
        "/desk/static/{path}": _page("A file of the desk.", "path"),
        "/faq": _page("The editors' console."),
        "/faq/static/{path}": _page("A file of the console.", "path"),
        "/page/static/{path}": _page("A file that desk and console share.", "path"),
        "/": _page("The demo shop; only in the demo."),
        "/shop/{path}": _page("A file of the demo shop; only in the demo.", "path"),
        "/shop/link": _page("The demo shop's account-link page; only in the demo."),
        "/shop/demo-identity": {"get": {**identity, "parameters": who}},
        "/help": _page("The help pages, in the reader's language."),
        "/help/{path}": _page("A help page: home, category, article, search, in one locale.", "path"),
        "/help/images/{name}": _page("An image of an article.", "name"),
        "/help/static/{name}": _page("A file of the help pages.", "name"),
        "/help/sitemap.xml": {"get": op("pages", "Every help page, for search engines.", {"200": "it"})},
        "/robots.txt": {"get": op("pages", "What search engines may read.", {"200": "it"})},
        "/docs": _page("This document as a page."),
        "/openapi.json": {"get": op("pages", "This document.", {"200": "it"})},
    }


def document() -> dict[str, Any]:
    """The whole document, OpenAPI 3.0."""
    paths: dict[str, dict[str, Operation]] = {
        "/healthz": {"get": op("health", "The process lives.", {"200": "it does"})},
        "/readyz": {"get": op("health", "A customer can be answered.", {"200": "ready", "503": "a part is missing"})},
        "/webhooks/rest/webhook": {
            "post": op(
                "channels",
                "One message of a customer through Rasa's stock rest channel; answers with what was said to them.",
                {"200": "Rasa's list of messages", "400": "bad_input", "401": "token_required"},
                security=[{"token": []}],
                requestBody=body({"sender": "string", "message": "string"}, {"metadata": "object"}),
            )
        },
        "/webhooks/rest": {"get": op("channels", "The rest channel is mounted.", {"200": "it is"})},
        "/widget/session": {
            "post": op(
                "widget",
                "A session for a page: token, state, last messages.",
                {"200": "the session", "401": "identity_refused", "403": "origin_refused", "429": "rate_limited"},
                requestBody=body({"inbox": "string"}, {"locale": "string", "token": "string", "identity": "string"}),
            )
        },
        "/widget/live": {
            "get": op("widget", "WebSocket of a page; see docs/widget-protocol.md.", {"101": "switching protocols"})
        },
        "/widget/frames": {
            "post": op(
                "widget",
                "Frames of a page where WebSocket is blocked.",
                {"200": "frames of ours", "400": "bad_input", "401": "token_refused"},
                **_VISITOR,
            )
        },
        "/widget/poll": {
            "get": op(
                "widget",
                "Long poll for what comes after an id; answers within 25 s.",
                {"200": "messages, state, cursor", "401": "token_refused"},
                **_VISITOR,
                parameters=query("after"),
            )
        },
        "/widget/faq": {
            "get": op("widget", "Categories and questions.", {"200": "the tree"}, parameters=query("locale"))
        },
        "/widget/faq/{article_id}": {
            "get": op(
                "widget",
                "One article.",
                {"200": "the article", "404": "unknown_article"},
                parameters=path("article_id") + query("locale"),
            )
        },
        "/widget/orders": {
            "get": op(
                "widget",
                "Orders of a customer with a signed identity.",
                {"200": "order cards", "401": "token_refused", "403": "not_signed_in", "503": "shop_unavailable"},
                **_VISITOR,
                parameters=query("locale"),
            )
        },
        "/desk/api/login": {
            "post": op(
                "desk",
                "Sign in; sets the session cookie.",
                {"200": "agent and CSRF token", "401": "login_refused", "429": "too_many_logins"},
                requestBody=body({"login": "string", "password": "string"}),
            )
        },
        "/desk/api/logout": {"post": op("desk", "Sign out.", {"200": "done", "401": "not_signed_in"}, **_AGENT)},
        "/desk/api/me": {
            "get": op("desk", "Who is signed in.", {"200": "agent and CSRF token", "401": "not_signed_in"}, **_READER)
        },
        "/desk/api/language": {
            "put": op(
                "desk",
                "The language of the agent's own desk.",
                {"200": "done", "400": "bad_input"},
                **_AGENT,
                requestBody=body({"language": "string"}),
            )
        },
        "/desk/api/inbox": {
            "get": op("desk", "Queue, own and colleagues' conversations.", {"200": "the inbox"}, **_READER)
        },
        "/desk/api/conversations/{conversation_id}": {
            "get": op(
                "desk",
                "One conversation with ticket, customer and transcript.",
                {"200": "the conversation", "404": "unknown_conversation"},
                **_READER,
                parameters=path("conversation_id") + query("locale"),
            )
        },
        "/desk/api/conversations/{conversation_id}/messages": {
            "get": op(
                "desk",
                "Lines after (or before) an id.",
                {"200": "lines", "404": "unknown_conversation"},
                **_READER,
                parameters=path("conversation_id") + query("after", "before"),
            ),
            "post": op(
                "desk",
                "Say something, send a card (an article, an order, a product, a page to open) or an approved template, "
                "or keep a private note.",
                {
                    "200": "the stored line",
                    "404": "unknown_conversation, unknown_template",
                    "409": "not_your_conversation, conversation_closed, templates_not_taken",
                    "413": "text_too_long",
                },
                **_AGENT,
                parameters=path("conversation_id"),
                requestBody=body(
                    {},
                    {
                        "text": "string",
                        "client_id": "string",
                        "note": "boolean",
                        "promise": "object",
                        "attachments": "array",
                        "card": "object",
                        "template": "object",
                    },
                ),
            ),
        },
        "/desk/api/conversations/{conversation_id}/close": _change("Close it.", "conversation_closed"),
        "/desk/api/conversations/{conversation_id}/release": _change("Back to the queue.", "not_your_conversation"),
        "/desk/api/conversations/{conversation_id}/handback": _change(
            "Back to the assistant.", "not_your_conversation"
        ),
        "/desk/api/conversations/{conversation_id}/takeover": _change("Take the word.", "not_your_conversation"),
        "/desk/api/conversations/{conversation_id}/typing": _change("Show that the agent types.", "never"),
        "/desk/api/tickets/{number}/claim": {
            "post": op(
                "desk",
                "Take a waiting ticket.",
                {"200": "the conversation", "404": "unknown_ticket", "409": "ticket_already_claimed"},
                **_AGENT,
                parameters=path("number"),
            )
        },
        "/desk/api/tickets/next/claim": {
            "post": op("desk", "Take the ticket whose turn it is.", {"200": "the conversation or null"}, **_AGENT)
        },
        "/desk/api/messages/{message_id}/wrong-answer": {
            "post": op(
                "desk",
                "Keep the question that got a wrong answer.",
                {"200": "question, link", "400": "bad_input"},
                **_AGENT,
                parameters=path("message_id"),
                requestBody=body({"as": "string"}, {"article": "string"}),
            )
        },
        "/desk/api/messages/{message_id}/send-again": {
            "post": op(
                "desk",
                "Try once more to send a message that did not arrive.",
                {"200": "the message", "404": "unknown_message", "409": "nothing_to_send"},
                **_AGENT,
                parameters=path("message_id"),
            )
        },
        "/desk/api/faq": {
            "get": op("desk", "Search the articles.", {"200": "articles"}, **_READER, parameters=query("q", "locale"))
        },
        "/desk/api/products": {
            "get": op(
                "desk",
                "Search what the shop sells; without words, what it shows first.",
                {"200": "product cards", "409": "products_not_offered", "503": "shop_unavailable"},
                **_READER,
                parameters=query("q", "locale"),
            )
        },
        "/desk/api/team": {
            "get": op(
                "desk",
                "Teams, and everybody who answers customers.",
                {"200": "teams, agents, problem"},
                **_READER,
                parameters=query("locale"),
            )
        },
        "/desk/api/team/presence": {
            "put": op(
                "desk",
                "Online, away or offline, as the agent says of themselves.",
                {"200": "presence", "400": "bad_input"},
                **_AGENT,
                requestBody=body({"presence": "string"}),
            )
        },
        "/desk/api/team/mode": {
            "put": op(
                "desk",
                "Whether the whole desk answers: hours, online or offline; supervisors only.",
                {"200": "mode", "400": "bad_input", "403": "not_allowed"},
                **_AGENT,
                requestBody=body({"mode": "string"}),
            )
        },
        "/desk/api/roster": {
            "get": op(
                "desk",
                "The shifts of a week.",
                {"200": "the week", "400": "bad_input"},
                **_READER,
                parameters=query("week"),
            ),
            "post": op(
                "desk",
                "Add a shift: one's own, or as a supervisor anybody's.",
                {"200": "the shift", "400": "impossible_shift", "403": "not_allowed", "409": "shifts_overlap"},
                **_AGENT,
                requestBody=body(
                    {"agent": "integer", "day": "string", "from": "string", "to": "string"}, {"note": "string"}
                ),
            ),
        },
        "/desk/api/roster/{shift_id}": {
            "put": op(
                "desk",
                "Change a shift.",
                {"200": "the shift", "400": "impossible_shift", "404": "unknown_shift", "409": "shifts_overlap"},
                **_AGENT,
                parameters=path("shift_id"),
                requestBody=body({"day": "string", "from": "string", "to": "string"}, {"note": "string"}),
            ),
            "delete": op(
                "desk",
                "Remove a shift.",
                {"200": "the shift that was", "404": "unknown_shift"},
                **_AGENT,
                parameters=path("shift_id"),
            ),
        },
        "/desk/api/team/agents/{agent_id}": {
            "put": op(
                "desk",
                "Teams, skills, languages and capacity of an agent; supervisors only.",
                {"200": "the agent", "400": "bad_input", "403": "not_allowed", "404": "unknown_agent"},
                **_AGENT,
                parameters=path("agent_id"),
                requestBody=body(
                    {}, {"teams": "array", "skills": "array", "languages": "array", "capacity": "integer"}
                ),
            )
        },
        **openapi_desk.paths(),
        **openapi_editing.paths(),
        **openapi_files.paths(),
        **openapi_service.paths(),
        **_pages(),
        "/desk/live": {"get": op("desk", "WebSocket of the desk's page.", {"101": "switching protocols"})},
    }
    schemes = {
        "token": {"type": "http", "scheme": "bearer", "description": "a token of the setting api_tokens"},
        "visitor": {"type": "http", "scheme": "bearer", "description": "the token of /widget/session"},
        "session": {"type": "apiKey", "in": "cookie", "name": "sb_session"},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    }
    error = {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "details": {"type": "object"},
                },
                "required": ["code", "message", "details"],
            }
        },
        "required": ["error"],
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Switchboard", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {"securitySchemes": schemes, "schemas": {"Error": error}},
    }


def blueprint() -> Blueprint:
    """/openapi.json and /docs."""
    routes = Blueprint("openapi")

    @routes.get("/openapi.json")
    async def openapi(_request: Request) -> HTTPResponse:
        return json(document())

    @routes.get("/docs")
    async def docs(_request: Request) -> HTTPResponse:
        digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        response = html_response(_html())
        response.headers["Content-Security-Policy"] = _PAGE_POLICY.format(digest=digest)
        return response

    return routes


def _html() -> str:
    """The document as one page that needs no script."""
    parts: dict[str, list[str]] = {}
    for address, operations in document()["paths"].items():
        for method, operation in operations.items():
            answers = "".join(
                f"<dt>{status}</dt><dd>{html.escape(answer['description'])}</dd>"
                for status, answer in operation["responses"].items()
            )
            parts.setdefault(operation["tags"][0], []).append(
                f'<section><p><span class="m">{method.upper()}</span> <code>{html.escape(address)}</code></p>'
                f"<p>{html.escape(operation['summary'])}</p><dl>{answers}</dl></section>"
            )
    body = "".join(f"<h2>{tag}</h2>{''.join(sections)}" for tag, sections in parts.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Switchboard API</title>'
        f"<style>{_STYLE}</style></head><body><h1>Switchboard API</h1>"
        '<p>The same as a document: <a href="/openapi.json">/openapi.json</a></p>'
        f"{body}</body></html>"
    )
