"""The public help pages: what the shop explains, as pages to link, to print and to find by a search engine."""

from faq_kb.help.changes import recorded
from faq_kb.help.pages import blueprint
from faq_kb.help.site import Site

__all__ = ["Site", "blueprint", "recorded"]
