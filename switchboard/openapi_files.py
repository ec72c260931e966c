"""The routes of files in the OpenAPI document."""

from __future__ import annotations

from switchboard.openapi_parts import Operation, op, path, query

_VISITOR: Operation = {"security": [{"visitor": []}]}
_AGENT: Operation = {"security": [{"session": [], "csrf": []}]}
_READER: Operation = {"security": [{"session": []}]}
_FILE: Operation = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REFUSED = {"413": "attachment_too_large", "422": "attachment_refused", "507": "storage_full"}


def paths() -> dict[str, dict[str, Operation]]:
    """Of the widget and of the desk."""
    sent = {"200": "the file", "206": "a part of it", "304": "unchanged", "404": "unknown_attachment"}
    return {
        "/f/{token}": {
            "get": op(
                "pages",
                "A file of an agent on a channel that carries none, by its signed link; else a page says why not.",
                {**sent, "403": "the link has expired", "404": "no such link or file", "416": "no such part"},
                parameters=path("token"),
            )
        },
        "/widget/attachments": {
            "post": op(
                "widget",
                "A file for a message to come; the body is the file, its name stands in the query.",
                {"200": "the attachment", "401": "token_refused", **_REFUSED, "429": "rate_limited"},
                **_VISITOR,
                **_FILE,
                parameters=query("name"),
            )
        },
        "/widget/attachments/{attachment_id}": {
            "get": op(
                "widget",
                "A file of the visitor's own conversations; takes Range.",
                {**sent, "401": "token_refused", "416": "no such part"},
                **_VISITOR,
                parameters=path("attachment_id"),
            )
        },
        "/desk/api/conversations/{conversation_id}/attachments": {
            "post": op(
                "desk",
                "A file for a line or note to come; the body is the file, its name stands in the query.",
                {"200": "the attachment", "401": "not_signed_in", "404": "unknown_conversation", **_REFUSED},
                **_AGENT,
                **_FILE,
                parameters=path("conversation_id") + query("name"),
            )
        },
        "/desk/api/attachments/{attachment_id}": {
            "get": op(
                "desk",
                "A file of any conversation; takes Range.",
                {**sent, "401": "not_signed_in", "403": "not_allowed", "416": "no such part"},
                **_READER,
                parameters=path("attachment_id"),
            )
        },
    }
