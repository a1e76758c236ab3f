"""What the chat refuses, each under a code of its own."""

from lambdas.core.errors import Conflict, Forbidden


class ChatClosed(Conflict):
    code = "chat_closed"
    title = "The chat opens with the next show"


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
