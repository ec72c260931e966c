"""What an OpenAPI document is put together from."""

from __future__ import annotations

from typing import Any

Operation = dict[str, Any]


def op(tag: str, summary: str, answers: dict[str, str], **more: Any) -> Operation:
    operation: Operation = {
        "tags": [tag],
        "summary": summary,
        "responses": {
            status: {
                "description": text,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Error"} if int(status) >= 400 else {"type": "object"}
                    }
                },
            }
            for status, text in answers.items()
        },
    }
    operation.update(more)
    return operation


def body(required: dict[str, str], optional: dict[str, str] | None = None) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in {**required, **(optional or {})}.items()}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "properties": properties, "required": list(required)}}
        },
    }


def query(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]


def path(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]
