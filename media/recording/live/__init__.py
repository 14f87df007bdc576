"""Following a recording while class goes on: its media in small parts, a few seconds behind."""
