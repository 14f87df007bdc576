"""Pure state machines of the school: command, events, state."""
