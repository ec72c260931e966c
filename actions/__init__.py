"""What the assistant does in one turn: read the conversation, look something up, answer. Texts live in `domain.yml`."""
