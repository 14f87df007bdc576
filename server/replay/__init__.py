"""From what was captured to what is watched: files are made playable, the log is told beside them."""
