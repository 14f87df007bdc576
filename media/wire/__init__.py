"""Pure packet formats and the tables that join the rooms of `media`: no asyncio, clock or sockets."""
