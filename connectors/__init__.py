"""How customers reach us: one Rasa InputChannel per file, and the web widget."""
