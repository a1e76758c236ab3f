"""Names of code that is loaded only where it runs: `package.module:attribute`."""

from importlib import import_module
from typing import Any


def load(reference: str) -> Any:
    """What the reference names; ValueError for one without a colon, ImportError or AttributeError as Python's own."""
    module, colon, attribute = reference.partition(":")
    if not colon:
        raise ValueError(f"{reference!r} is no reference: write package.module:attribute")
    return getattr(import_module(module), attribute)
