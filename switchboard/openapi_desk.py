"""The desk's routes beside answering, for the OpenAPI document: lists, passing on, tags, an agent's own choices."""

from __future__ import annotations

from switchboard.openapi_parts import Operation, body, op, path, query

_AGENT: Operation = {"security": [{"session": [], "csrf": []}]}
_READER: Operation = {"security": [{"session": []}]}
_REPLY_REFUSED = {
    "400": "bad_input, shortcut_recurs",
    "403": "not_allowed, csrf_refused",
    "409": "shortcut_taken, canned_reply_changed, canned_reply_in_use",
    "413": "text_too_long",
}
_FILTERS = ("q", "state", "channel", "language", "agent", "team", "tag", "since", "until", "before")


def _change(summary: str, answers: dict[str, str], *names: str, **more: object) -> Operation:
    parameters = [one for name in names for one in path(name)]
    return op(
        "desk",
        summary,
        {"401": "not_signed_in", "403": "csrf_refused", **answers},
        **_AGENT,
        parameters=parameters,
        **more,
    )


def _customer(one: str) -> dict[str, dict[str, Operation]]:
    """The customer panel."""
    known = {"200": "customer, past", "404": "unknown_conversation"}
    refused = {"400": "bad_input", "409": "customer_changed, customer_locked", "413": "text_too_long"}
    version = body({"version": "integer"})
    return {
        one: {
            "get": op(
                "desk", "The customer panel, the shop asked anew.", known, **_READER, parameters=path("conversation_id")
            ),
            "put": _change(
                "Write something else down, as it was read at its version.",
                {**known, **refused},
                "conversation_id",
                requestBody=body({"version": "integer", "values": "object"}),
            ),
        },
        f"{one}/history": {
            "get": op(
                "desk",
                "Who changed what, the latest first; which records were united.",
                {"200": "changes, merges", "404": "unknown_conversation"},
                **_READER,
                parameters=[*path("conversation_id"), *query("before")],
            )
        },
        f"{one}/history/{{change_id}}/undo": {
            "post": _change(
                "Undo one change, by a new one.",
                {
                    **known,
                    "404": "unknown_conversation, unknown_change",
                    "409": "customer_changed, customer_locked, change_superseded",
                },
                "conversation_id",
                "change_id",
                requestBody=version,
            )
        },
        f"{one}/merge": {
            "post": _change(
                "Unite the record with that of another conversation: supervisors, with proof.",
                {
                    **known,
                    "400": "bad_input",
                    "403": "not_allowed, csrf_refused",
                    "409": "customers_not_proved, customer_changed, customer_locked",
                },
                "conversation_id",
                requestBody=body({"with": "string", "version": "integer", "other_version": "integer"}),
            )
        },
        f"{one}/move": {
            "post": _change(
                "Go on with the customer at another of their `places`, with the line `message` said again there; this "
                "conversation is closed. Twice is once.",
                {
                    **known,
                    "400": "bad_input",
                    "403": "not_allowed, csrf_refused",
                    "409": "not_your_conversation, conversation_closed",
                },
                "conversation_id",
                requestBody=body({"to": "string", "message": "integer"}),
            )
        },
        f"{one}/untie": {
            "post": _change(
                "End one of the customer's account links, by its id in `proof.links`; they are told where it was.",
                {
                    **known,
                    "400": "bad_input",
                    "403": "not_allowed, csrf_refused",
                    "409": "customer_changed, customer_locked",
                },
                "conversation_id",
                requestBody=body({"link": "string"}),
            )
        },
        f"{one}/merges/{{merge_id}}/undo": {
            "post": _change(
                "Part two records that were united.",
                {
                    **known,
                    "403": "not_allowed, csrf_refused",
                    "404": "unknown_conversation, unknown_merge",
                    "409": "merge_not_last, customer_changed, customer_locked",
                },
                "conversation_id",
                "merge_id",
            )
        },
    }


def paths() -> dict[str, dict[str, Operation]]:
    """Address, method, operation."""
    one = "/desk/api/conversations/{conversation_id}"
    conflict = {"404": "unknown_conversation", "409": "not_your_conversation, conversation_closed, move_not_allowed"}
    row = {"200": "the conversation as it is now", "400": "bad_input", **conflict}
    return {
        "/desk/api/conversations": {
            "get": op(
                "desk",
                "One page of a view: mine, team, all, bot, closed, snoozed or mentions.",
                {"200": "rows, where the next page begins", "400": "bad_input"},
                **_READER,
                parameters=query("view", *_FILTERS),
            )
        },
        "/desk/api/search": {
            "get": op(
                "desk",
                "Lines of transcripts with these words, in any script of Chinese, and who is called so.",
                {"200": "hits, conversations, where the next page begins", "400": "bad_input"},
                **_READER,
                parameters=query(*_FILTERS),
            )
        },
        "/desk/api/colleagues": {
            "get": op("desk", "Who answers customers, and the teams.", {"200": "them"}, **_READER)
        },
        f"{one}/transfer": {
            "post": _change(
                "Give it to a colleague or a team, with a note.",
                {**row, "404": "unknown_agent", "413": "text_too_long"},
                "conversation_id",
                requestBody=body({}, {"agent": "integer", "team": "string", "note": "string"}),
            )
        },
        f"{one}/guests": {
            "post": _change(
                "Bring a colleague in beside.",
                {**row, "404": "unknown_agent"},
                "conversation_id",
                requestBody=body({"agent": "integer"}),
            )
        },
        f"{one}/guests/{{colleague}}": {
            "delete": _change("The invited colleague goes.", row, "conversation_id", "colleague")
        },
        f"{one}/snooze": {
            "post": _change(
                "Put it aside until a time; null takes it up again.",
                row,
                "conversation_id",
                requestBody=body({}, {"until": "string"}),
            )
        },
        f"{one}/seen": {
            "post": _change("The agent looked at it.", {"200": "whether anything was new"}, "conversation_id")
        },
        f"{one}/tags": {
            "post": _change(
                "Put a tag on it.",
                {"200": "its tags", "400": "bad_input", "404": "unknown_conversation", "413": "text_too_long"},
                "conversation_id",
                requestBody=body({"name": "string"}, {"colour": "string"}),
            )
        },
        f"{one}/tags/{{tag_id}}": {
            "delete": _change("Take a tag off it.", {"200": "its tags"}, "conversation_id", "tag_id")
        },
        **_customer(f"{one}/customer"),
        "/desk/api/tags": {"get": op("desk", "Every tag, the most worn first.", {"200": "tags, colours"}, **_READER)},
        "/desk/api/tags/{tag_id}": {
            "put": _change(
                "Another colour.",
                {"200": "the tag", "404": "unknown_tag"},
                "tag_id",
                requestBody=body({"colour": "string"}),
            )
        },
        "/desk/api/canned-replies": {
            "get": op(
                "desk", "The shared canned replies and the agent's own.", {"200": "replies, variables"}, **_READER
            ),
            "post": _change(
                "Keep a canned reply: one shortcut, a text in each language.",
                {"200": "the reply", **_REPLY_REFUSED},
                requestBody=body({"shortcut": "string", "texts": "object"}, {"shared": "boolean"}),
            ),
        },
        "/desk/api/canned-replies/{reply_id}": {
            "put": _change(
                "Change it, as it was read at its version.",
                {"200": "the reply", "404": "unknown_canned_reply", **_REPLY_REFUSED},
                "reply_id",
                requestBody=body({"shortcut": "string", "texts": "object", "version": "integer"}),
            ),
            "delete": _change(
                "Forget it.",
                {"200": "done", "404": "unknown_canned_reply", "409": "canned_reply_in_use"},
                "reply_id",
            ),
        },
        f"{one}/canned-replies/{{reply_id}}": {
            "get": op(
                "desk",
                "A canned reply in the customer's variant, filled in; and which variables have no value.",
                {"200": "text, language, missing", "404": "unknown_conversation, unknown_canned_reply"},
                **_READER,
                parameters=[*path("conversation_id"), *path("reply_id")],
            )
        },
        f"{one}/window": {
            "get": op(
                "desk",
                "Until when, and how often, the customer's channel lets us write; null where that is always.",
                {"200": "window", "404": "unknown_conversation"},
                **_READER,
                parameters=path("conversation_id"),
            )
        },
        f"{one}/templates": {
            "get": op(
                "desk",
                "The approved templates of the customer's channel, in their variant, with what is known filled in.",
                {"200": "templates, problem", "404": "unknown_conversation"},
                **_READER,
                parameters=path("conversation_id"),
            )
        },
        f"{one}/suggestions": {
            "get": op(
                "desk",
                "Drafts for an answer, from the articles and from what people answered to questions like the last one.",
                {"200": "question, suggestions", "404": "unknown_conversation"},
                **_READER,
                parameters=path("conversation_id"),
            )
        },
        "/desk/api/views": {
            "get": op("desk", "The agent's saved views.", {"200": "views"}, **_READER),
            "post": _change(
                "Save a view.",
                {"200": "the view", "400": "bad_input", "413": "text_too_long"},
                requestBody=body({"name": "string", "filters": "object"}),
            ),
        },
        "/desk/api/views/{view_id}": {
            "delete": _change("Forget a view.", {"200": "done", "404": "unknown_view"}, "view_id")
        },
        "/desk/api/preferences": {
            "get": op("desk", "What the agent has chosen.", {"200": "preferences"}, **_READER),
            "put": _change("Change some choices.", {"200": "preferences", "400": "bad_input"}),
        },
    }
