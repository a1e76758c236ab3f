"""What `prism doctor` finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """`wanted` is missing but needed only for what `found` says; `needed` stops everything."""

    subject: str
    state: Literal["ok", "wanted", "needed"]
    found: str
    fix: str = ""
