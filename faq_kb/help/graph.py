"""What a page says to search engines about itself, in the words of schema.org."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

Node = dict[str, Any]
Crumb = tuple[str, str]  # a name and the address it leads to


def article(question: str, answer: str, locale: str, address: str, changed: date | None, shop_name: str) -> Node:
    node: Node = {
        "@type": ["FAQPage", "Article"],
        "url": address,
        "headline": question,
        "inLanguage": locale,
        "publisher": {"@type": "Organization", "name": shop_name},
        "mainEntity": [
            {"@type": "Question", "name": question, "acceptedAnswer": {"@type": "Answer", "text": answer}},
        ],
    }
    if changed:
        node["dateModified"] = changed.isoformat()
    return node


def collection(name: str, locale: str, address: str, parts: Iterable[Crumb]) -> Node:
    entries = [
        {"@type": "ListItem", "position": position, "name": part, "url": url}
        for position, (part, url) in enumerate(parts, 1)
    ]
    return {
        "@type": "CollectionPage",
        "name": name,
        "url": address,
        "inLanguage": locale,
        "mainEntity": {"@type": "ItemList", "itemListElement": entries},
    }


def breadcrumbs(crumbs: Sequence[Crumb]) -> Node:
    entries = [
        {"@type": "ListItem", "position": position, "name": name, "item": address}
        for position, (name, address) in enumerate(crumbs, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": entries}


def document(*nodes: Node) -> Node:
    return {"@context": "https://schema.org", "@graph": list(nodes)}
