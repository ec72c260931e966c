"""The desk's routes for promises, visitors and what comes after, in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from switchboard.openapi_parts import Operation, body, op, path, query

_AGENT: Operation = {"security": [{"session": [], "csrf": []}]}
_READER: Operation = {"security": [{"session": []}]}
_WHO = {"401": "not_signed_in", "403": "not_allowed, csrf_refused"}

_LINK = {
    "403": "not signed by the shop for this link",
    "409": "the chat is another account's",
    "410": "the link is over, or used",
}


def _form(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(names), "properties": {name: {"type": "string"} for name in names}}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


def paths() -> dict[str, dict[str, Operation]]:
    """Under /desk/api."""
    settled = {"200": "the promise", "404": "unknown_promise", "409": "promise_settled", **_WHO}
    return {
        "/link": {
            "post": op(
                "pages",
                "From the shop's account-link page: asks the customer whether the chat is theirs.",
                {"200": "the question", **_LINK},
                requestBody=_form("identity"),
            )
        },
        "/link/answer": {
            "post": op(
                "pages",
                "The customer's answer, `yes` or `no`.",
                {
                    "200": "tied, or not",
                    "303": "to the provider, which asks its customer as well",
                    **_LINK,
                    "503": "the provider does not answer",
                },
                requestBody=_form("identity", "answer"),
            )
        },
        "/widget/transcript": {
            "get": op(
                "widget",
                "The newest conversation as a file: HTML, or text with format=txt.",
                {"200": "the file", "401": "token_refused", "404": "unknown_conversation"},
                security=[{"visitor": []}],
                parameters=query("locale", "format"),
            ),
            "post": op(
                "widget",
                "The same by mail, to an address that the customer left in the chat or that the shop knows.",
                {
                    "200": "sent",
                    "400": "bad_input",
                    "401": "token_refused",
                    "429": "rate_limited",
                    "503": "mail_unavailable",
                },
                security=[{"visitor": []}],
                requestBody=body({"to": "string"}),
            ),
        },
        "/widget/transcript/addresses": {
            "get": op(
                "widget",
                "Where it can be mailed: the addresses of this customer, mostly hidden, each by its id.",
                {"200": "addresses", "401": "token_refused"},
                security=[{"visitor": []}],
            )
        },
        "/widget/proof": {
            "get": op(
                "widget",
                "The kinds of contact that this visitor can prove now by a code: email, phone.",
                {"200": "kinds", "401": "token_refused"},
                security=[{"visitor": []}],
            )
        },
        "/widget/visit": {
            "post": op(
                "widget",
                "The heartbeat of a page; answered with the invitation to show there, if one stands.",
                {
                    "200": "next_seconds, invitation",
                    "400": "bad_input",
                    "403": "origin_refused",
                    "429": "rate_limited",
                },
                requestBody=body(
                    {"visit": "string", "page": "object"},
                    {
                        "language": "string",
                        "locale": "string",
                        "returning": "boolean",
                        "cart": "object",
                        "chat_open": "boolean",
                        "shown": "integer",
                        "dismissed": "integer",
                        "invitations": "boolean",
                    },
                ),
            )
        },
        "/desk/api/visitors": {
            "get": op(
                "desk",
                "Who is on the shop's pages now, and whether the agent can invite them.",
                {"200": "visitors, total, enabled, you, rules_problem", **_WHO},
                **_READER,
            )
        },
        "/desk/api/visitors/{visit_id}/invitation": {
            "post": op(
                "desk",
                "Invite a visitor to chat, in the agent's own words.",
                {
                    "200": "the invitation",
                    "400": "bad_input, empty_message",
                    "409": "cannot_invite",
                    "413": "text_too_long",
                    "422": "blank_left",
                    **_WHO,
                },
                **_AGENT,
                parameters=path("visit_id"),
                requestBody=body({"text": "string"}),
            )
        },
        "/desk/api/wrap-up": {
            "get": op(
                "desk",
                "Resolutions, reasons, tags, and what a team has to say at the close.",
                {"200": "the choices", **_WHO},
                **_READER,
                parameters=query("team"),
            )
        },
        "/desk/api/conversations/{conversation_id}/outcome": {
            "get": op(
                "desk",
                "How it ended, and what the customer thought of each stretch.",
                {"200": "wrap_up, ratings", "404": "unknown_conversation", **_WHO},
                **_READER,
                parameters=path("conversation_id"),
            )
        },
        "/desk/api/figures": {
            "get": op(
                "desk",
                "Figures of the last days, for supervisors.",
                {"200": "the figures", "400": "bad_input", **_WHO},
                **_READER,
                parameters=query("days"),
            )
        },
        "/desk/api/moment": {
            "post": op(
                "desk",
                "The time that a draft promises, and what in it promises without one; nothing is kept.",
                {"200": "moment, vague", "400": "bad_input", **_WHO},
                **_AGENT,
                requestBody=body({"text": "string"}, {"language": "string"}),
            )
        },
        "/desk/api/promises": {
            "get": op(
                "desk", "Outstanding promises.", {"200": "promises", **_WHO}, **_READER, parameters=query("whose")
            )
        },
        "/desk/api/conversations/{conversation_id}/promises": {
            "get": op(
                "desk",
                "What was promised to this customer.",
                {"200": "promises", "404": "unknown_conversation", **_WHO},
                **_READER,
                parameters=path("conversation_id"),
            )
        },
        "/desk/api/promises/{promise_id}/kept": {
            "post": op("desk", "It is done.", settled, **_AGENT, parameters=path("promise_id"))
        },
        "/desk/api/promises/{promise_id}/withdraw": {
            "post": op("desk", "It is no longer needed.", settled, **_AGENT, parameters=path("promise_id"))
        },
    }
