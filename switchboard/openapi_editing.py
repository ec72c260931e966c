"""The editors' routes in the OpenAPI document."""

from __future__ import annotations

from switchboard.openapi_parts import Operation, body, op, path, query

_EDITOR: Operation = {"security": [{"session": [], "csrf": []}]}
_READER: Operation = {"security": [{"session": []}]}
_WHO = {"401": "not_signed_in", "403": "not_allowed, csrf_refused"}
_LIVE = {"200": "version of the served set, live, at", "409": "edit_conflict, files_changed", "422": "article_refused"}


def paths() -> dict[str, dict[str, Operation]]:
    """Under /faq/api."""
    one = path("article_id")
    draft = {"200": "the draft", "404": "unknown_draft", **_WHO}
    article = "/faq/api/articles/{article_id}"
    return {
        "/faq/api/tree": {
            "get": op(
                "editing",
                "All categories and articles, with drafts.",
                {"200": "the tree", **_WHO},
                **_READER,
                parameters=query("q", "state"),
            )
        },
        "/faq/api/live": {
            "get": op(
                "editing",
                "Whether anything changed, and who looks at what.",
                {"200": "version, editing", **_WHO},
                **_READER,
                parameters=query("article"),
            )
        },
        "/faq/api/history": {
            "get": op(
                "editing",
                "What was published, newest first.",
                {"200": "revisions", **_WHO},
                **_READER,
                parameters=query("before"),
            )
        },
        article: {
            "get": op(
                "editing",
                "One article with its draft.",
                {"200": "the article", "404": "unknown_article", **_WHO},
                **_READER,
                parameters=one,
            )
        },
        f"{article}/draft": {
            "put": op(
                "editing",
                "Keep an edit, merged with what others saved meanwhile.",
                {"200": "the draft", "409": "edit_conflict", "422": "article_refused", **_WHO},
                **_EDITOR,
                parameters=one,
                requestBody=body(
                    {"category": "string", "content": "object", "draft_version": "integer"},
                    {"base": "object", "seen": "object", "note": "string", "miss_id": "integer"},
                ),
            ),
            "delete": op(
                "editing",
                "Forget an edit.",
                {"200": "done", "404": "unknown_draft", "409": "edit_conflict", **_WHO},
                **_EDITOR,
                parameters=one,
                requestBody=body({"draft_version": "integer"}),
            ),
        },
        f"{article}/delete": _post("Begin a deletion; publishing carries it out.", draft),
        f"{article}/rename": _post("Another id, at once.", {**_LIVE, **_WHO}, to="string"),
        f"{article}/check": _post("What is wrong with the draft.", {"200": "problems, collisions", **_WHO}),
        f"{article}/replay": _post("What customers asked, before and with the draft.", {"200": "what differs", **_WHO}),
        f"{article}/review": _post("Ask others to look.", draft, note="string"),
        f"{article}/schedule": _post(
            "Let it go live by itself.", {**draft, "422": "article_refused"}, publish_at="string"
        ),
        f"{article}/unschedule": _post("Let it not go live by itself.", draft),
        f"{article}/publish": _post("Write the draft into its file.", {**_LIVE, **_WHO}, draft_version="integer"),
        f"{article}/history": {
            "get": op("editing", "Revisions, newest first.", {"200": "revisions", **_WHO}, **_READER, parameters=one)
        },
        f"{article}/revert": _post("Publish it as it was before.", {**_LIVE, **_WHO}, revision="integer"),
        "/faq/api/ask": {
            "post": op(
                "editing",
                "What would be answered, and why.",
                {"200": "decision, hits, answer, intent, why", **_WHO},
                **_EDITOR,
                requestBody=body({"text": "string", "locale": "string"}, {"article": "string"}),
            )
        },
        "/faq/api/images": {"post": _upload("Keep an image for articles.", "image", "422", "image_refused")},
        "/faq/api/import": {"post": _upload("Make drafts of a table.", "file", "422", "import_refused")},
        "/faq/api/export": {
            "get": op(
                "editing",
                "All articles as a table.",
                {"200": "the file", "422": "export_refused", **_WHO},
                **_READER,
                parameters=query("format"),
            )
        },
        "/faq/api/misses": {
            "get": op(
                "editing",
                "What customers asked in vain, questions alike together.",
                {"200": "clusters; left_out: how many questions are kept beside them", **_WHO},
                **_READER,
                parameters=query("state", "kind", "variant"),
            )
        },
        "/faq/api/misses/dismiss": {
            "post": op(
                "editing",
                "No article is needed for these questions.",
                {"200": "dismissed", **_WHO},
                **_EDITOR,
                requestBody=body({"miss_ids": "array"}),
            )
        },
        "/faq/api/misses/draft": {
            "post": op(
                "editing",
                "Begin an edit from these questions.",
                {
                    "200": "article_id",
                    "404": "unknown_article, unknown_category",
                    "409": "misses_not_open, edit_conflict",
                    **_WHO,
                },
                **_EDITOR,
                requestBody=body({"miss_ids": "array", "as": "string"}, {"into": "string", "category": "string"}),
            )
        },
        "/faq/api/stats": {
            "get": op(
                "editing",
                "What became of articles, by week and variant.",
                {"200": "weeks, articles", **_WHO},
                **_READER,
                parameters=query("article", "weeks"),
            )
        },
        "/faq/api/words": {
            "get": op("editing", "Words that mean the same.", {"200": "lines, version", **_WHO}, **_READER),
            "put": op(
                "editing",
                "Publish words that mean the same.",
                {**_LIVE, **_WHO},
                **_EDITOR,
                requestBody=body({"lines": "array", "version": "string"}),
            ),
        },
        "/faq/api/words/replay": {
            "post": op(
                "editing",
                "What becomes of past questions with these words.",
                {"200": "asked, changed, lost, won, same, reworded", "422": "article_refused", **_WHO},
                **_EDITOR,
                requestBody=body({"lines": "array"}),
            )
        },
        "/faq/api/categories": {
            "post": op(
                "editing",
                "Begin a category.",
                {**_LIVE, **_WHO},
                **_EDITOR,
                requestBody=body({"id": "string", "name": "object"}, {"parent": "string"}),
            )
        },
        "/faq/api/categories/{category}": {
            "put": op(
                "editing",
                "Name a category anew, or hang it below another.",
                {**_LIVE, **_WHO},
                **_EDITOR,
                parameters=path("category"),
                requestBody=body({"name": "object"}, {"parent": "string"}),
            )
        },
    }


def _upload(summary: str, name: str, status: str, refused: str) -> Operation:
    schema = {"type": "object", "properties": {name: {"type": "string", "format": "binary"}}, "required": [name]}
    form = {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    answers = {"200": "what came of it", "413": "body_too_large", status: refused, **_WHO}
    return op("editing", summary, answers, **_EDITOR, requestBody=form)


def _post(summary: str, answers: dict[str, str], **required: str) -> dict[str, Operation]:
    more = {"requestBody": body(required)} if required else {}
    return {"post": op("editing", summary, answers, **_EDITOR, parameters=path("article_id"), **more)}
