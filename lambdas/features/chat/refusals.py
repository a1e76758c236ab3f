"""What the chat refuses, each under a code of its own."""

from typing import NoReturn

from lambdas.core.entitlements import Reason
from lambdas.core.errors import Conflict, Forbidden, NotSignedIn


class ChatClosed(Conflict):
    code = "chat_closed"
    title = "The chat opens with the next show"


class MembersOnly(Forbidden):
    code = "members_only"
    title = "This show and its chat are for members"


class OtherTier(Forbidden):
    code = "other_tier"
    title = "This show and its chat are for members of another tier"


class Ended(Forbidden):
    code = "ended"
    title = "This show and its chat are for members, and this membership has ended"


class AboveYou(Forbidden):
    code = "above_you"
    title = "They are on the team, and may do more than you"


class Yourself(Forbidden):
    code = "your_own"
    title = "Nobody keeps themselves out of the chat"


class BannedAlready(Conflict):
    code = "banned_already"
    title = "They are banned from the chat, which is more than a time-out"


class NotLoggedYet(Conflict):
    """What was said a moment ago is in the room's log within about ten seconds."""

    code = "not_logged_yet"
    title = "This message was sent a moment ago: try again in a few seconds"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "3"}


class NotYours(Forbidden):
    code = "not_yours"
    title = "This message is somebody else's"


class EmoteNameTaken(Conflict):
    code = "emote_name_taken"
    title = "There is an emote of this name already"


class EmotesFull(Conflict):
    code = "emotes_full"
    title = "There are as many emotes as there may be"


def refuse(reason: Reason) -> NoReturn:
    """The error that says why somebody is not let in (a refused decision of `lambdas.core.entitlements`)."""
    match reason:
        case "sign_in":
            raise NotSignedIn("This chat is for those who are signed in.", fix="Sign in, then try again.")
        case "other_tier":
            raise OtherTier()
        case "ended":
            raise Ended()
        case _:
            raise MembersOnly()
