"""Where playable files lie, and how their bytes are read: plain or sealed, on this disk or in an S3-compatible store."""
