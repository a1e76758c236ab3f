"""What features tell the studio of themselves: for its overview and its search. A manifest names the functions that do.

Texts are keys of the feature's locales, said in the reader's language; titles and details are data, shown as they are.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that happened: who or what, in a few words (of theirs, or a key of ours), when, and where to look at it."""

    title: str
    url: str
    at: datetime
    detail: str = ""
    detail_text: str = ""
    icon: str = "dot"


@dataclass(frozen=True, kw_only=True)
class News:
    """A number of the overview. `text` is a key with plural forms for `count`; `new` came since the person's last visit.

    `more` says that there are more than were counted. `lines` are the newest few of what is new.
    """

    text: str
    count: int
    url: str = ""
    new: int = 0
    more: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something a fresh platform still lacks: `<text>.title`, `<text>.text` and `<text>.action` say what, why and the button.

    `url` is where it is done, empty where `<text>.text` says all there is to do.
    """

    text: str
    icon: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One result of a search. `kind` is a key that says what it is ("contact.studio.inbox")."""

    title: str
    url: str
    kind: str
    detail: str = ""
    icon: str = "dot"
