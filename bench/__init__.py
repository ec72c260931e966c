"""`make bench`: what a message costs here beside plain Rasa, and a line to the desk beside a bare WebSocket."""
