"""The web widget: its files, its WebSocket, and long polling where WebSocket is blocked."""
