"""The agents' desk: its page, its API, and its live socket."""
