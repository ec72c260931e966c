"""How customers say things: training data, and the components of the bot's pipeline that read messages."""
