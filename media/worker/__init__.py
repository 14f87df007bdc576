"""The media worker process: control protocol, wiring, supervision hooks."""
