"""What the overview and the search show: asked of each feature, and what the platform itself still lacks."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from lambdas.core.overview import Found, Line, News, Step
from lambdas.core.references import load
from lambdas.platform.team import TEAM, Member
from lambdas.platform.visit import Visit

SETUP = "studio.setup"
"""The permission of those who set a platform up: they are told what it still lacks."""

_LINES = 8
_WORDS = 80


def news(visit: Visit, since: datetime | None) -> tuple[News, ...]:
    """The numbers of every feature that has some for this visitor: what asks for something first, who is there last."""
    features = sorted(visit.services.features, key=lambda feature: feature.name == "studio")
    asked = (load(feature.news)(visit, since) for feature in features if feature.news)
    return tuple(chain.from_iterable(asked))


def newest(told: tuple[News, ...]) -> tuple[Line, ...]:
    """What is new among all features, the newest first."""
    lines = chain.from_iterable(one.lines for one in told)
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:_LINES])


def steps(visit: Visit) -> tuple[Step, ...]:
    """What is left to do on a fresh platform, by those who may."""
    asked = (load(feature.steps)(visit) for feature in visit.services.features if feature.steps)
    first = _first_steps(visit) if SETUP in visit.standing.permissions else ()
    return tuple(chain(first, *asked))


def found(visit: Visit, words: str) -> tuple[Found, ...]:
    """Everything that has these words, feature by feature."""
    if not words:
        return ()
    asked = (load(feature.searches)(visit, words) for feature in visit.services.features if feature.searches)
    return tuple(chain.from_iterable(asked))


def words_of(text: str) -> str:
    """What was typed into a search, as it is looked for."""
    return " ".join(text[:_WORDS].split())


def _first_steps(visit: Visit) -> Iterator[Step]:
    creator = visit.services.settings.creator()
    if not creator.brand.picture:
        yield Step(text="studio.steps.picture", icon="image")
    if not creator.site.tagline.in_(creator.locale, fallback=creator.locale):
        yield Step(text="studio.steps.tagline", icon="pen", url=_screen(visit, "/studio/settings/texts/"))
    if not creator.legal.responsible or not creator.legal.address:
        yield Step(text="studio.steps.legal", icon="scales", url=_screen(visit, "/studio/settings/legal/"))
    mail = visit.services.mail.state()
    if mail is not None and not mail.domain:
        yield Step(text="studio.steps.domain", icon="globe")
    if Member.members.count(TEAM, limit=2) < 2:
        yield Step(text="studio.steps.team", icon="people", url=_screen(visit, "/studio/team/"))


def _screen(visit: Visit, path: str) -> str:
    """The address, where an active feature has such a screen and the visitor may see it; else empty."""
    screens = (screen for feature in visit.services.features for screen in feature.screens)
    return next((s.path for s in screens if s.path == path and s.needs in visit.standing.permissions), "")
