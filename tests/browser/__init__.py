"""The whole story in a real Chromium. A package, so that one Switchboard and one browser serve all its modules."""
