"""What `server` may import: the typed control protocol and its client."""

from media.client.client import Refused, WorkerClient, WorkerGone

__all__ = ["Refused", "WorkerClient", "WorkerGone"]
