"""Sentences whose keys are put together while a page is made: one module for each part, with `KEYS`."""

from __future__ import annotations

import importlib
import pkgutil

EVERY = tuple(key for found in pkgutil.iter_modules(__path__) for key in importlib.import_module(f"{__name__}.{found.name}").KEYS)
