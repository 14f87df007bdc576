"""The store that the settings name."""

from __future__ import annotations

from server.replay.stores.s3 import Bucket, Store
from server.settings import Settings


def store_of(settings: Settings) -> Store | None:
    """None: everything is kept in the data directory."""
    known = Bucket(
        name=settings.s3_bucket,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        prefix=settings.s3_prefix,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        path_style=settings.s3_path_style and bool(settings.s3_endpoint),
    )
    return Store(known) if known.name else None
