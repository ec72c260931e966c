"""When a person takes over: conversations, transcript, queue and the agents' desk."""
