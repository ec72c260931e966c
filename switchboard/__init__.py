"""The exchange itself: settings, the app, the line of a message, the bot client, live updates and the CLI."""

__version__ = "0.1.0"
