"""Who may see what: the one decision, for shows, chat, recordings and whatever else is not for everyone.

Whoever gives access to a thing asks `decide`: a playback token, a chat token, a signed cookie, a page of a
post. It says why not, in a word that pages and programs know what to do with. What a person holds is told by
entitlement records (`lambdas.platform.entitlements`), which memberships, purchases and the team write.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from lambdas.core.errors import Forbidden, NotSignedIn, PrismError

Audience = Literal["everyone", "signed-in", "members"]
AUDIENCES: tuple[Audience, ...] = ("everyone", "signed-in", "members")
"""From the widest to the narrowest."""

Reason = Literal["", "sign_in", "members_only", "other_tier", "ended"]
"""Why not: nobody is signed in; it is for members; for members of other tiers; what was held has ended."""

MEMBERSHIP = "membership"
"""The kind of entitlement that makes a member. Its `of` is the tier; `ANY_TIER` stands for all of them."""

ANY_TIER = "*"


class Rule(NamedTuple):
    """Whom something is for. `tiers` narrows "members" to those of some tiers; empty means members of any."""

    audience: Audience = "everyone"
    tiers: tuple[str, ...] = ()


class Holding(NamedTuple):
    """Something that a person holds: `kind` ("membership"), of what (a tier's id), since when, and until when (None: no end)."""

    kind: str
    of: str
    since: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


class Viewer(NamedTuple):
    """Who wants to see it. `person_id` is None where nobody is signed in. The team sees everything."""

    person_id: str | None = None
    on_the_team: bool = False
    holdings: tuple[Holding, ...] = ()


NOBODY = Viewer()


class Decision(NamedTuple):
    """`until` is when an allowed one ends by itself, None where it has no end: nothing given on it may last longer."""

    allowed: bool
    reason: Reason = ""
    until: datetime | None = None


def decide(rule: Rule, viewer: Viewer, *, now: datetime) -> Decision:
    """Whether `viewer` may see what `rule` is about, at `now`; and why not."""
    if rule.audience == "everyone" or viewer.on_the_team:
        return Decision(True)
    if viewer.person_id is None:
        return Decision(False, "sign_in")
    if rule.audience == "signed-in":
        return Decision(True)
    memberships = tuple(holding for holding in viewer.holdings if holding.kind == MEMBERSHIP)
    fitting = tuple(one for one in memberships if not rule.tiers or one.of == ANY_TIER or one.of in rule.tiers)
    held = tuple(one for one in fitting if one.holds(now))
    if held:
        return Decision(True, until=_longest(held))
    if any(one.holds(now) for one in memberships):
        return Decision(False, "other_tier")
    return Decision(False, "ended" if any(one.since <= now for one in fitting) else "members_only")


class MembersOnly(Forbidden):
    code = "members_only"
    title = "This is for members"


class OtherTier(Forbidden):
    code = "other_tier"
    title = "This is for members of another tier"


class Ended(Forbidden):
    code = "ended"
    title = "What gave access to this has ended"


def refusal(reason: Reason) -> PrismError:
    """Why not, as an error: NotSignedIn, MembersOnly, OtherTier, Ended."""
    match reason:
        case "sign_in":
            return NotSignedIn(fix="Sign in, then try again.")
        case "other_tier":
            return OtherTier(fix="Change your membership, then try again.")
        case "ended":
            return Ended(fix="Renew your membership, then try again.")
        case _:
            return MembersOnly(fix="Become a member, then try again.")


def is_member(viewer: Viewer, *, now: datetime) -> bool:
    """Whether a person is a member of any tier at `now`."""
    return any(one.kind == MEMBERSHIP and one.holds(now) for one in viewer.holdings)


def _longest(held: Iterable[Holding]) -> datetime | None:
    ends = [one.until for one in held]
    return None if None in ends else max(end for end in ends if end is not None)
