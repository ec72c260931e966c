"""The editors' side of the knowledge base: its HTTP API and its page."""
