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
    properties = {name: _typed(kind) for name, kind in {**required, **(optional or {})}.items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        # An empty list is not allowed here.
        schema["required"] = list(required)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _typed(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": kind}


def query(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]


def path(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]
