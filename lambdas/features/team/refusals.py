"""What the team's rules refuse, each under a code of its own."""

from lambdas.core.errors import Conflict, Forbidden, NotFound, TooManyRequests


class AboveYou(Forbidden):
    code = "above_you"
    title = "Nobody gives, takes or changes what goes beyond what they may do themselves"


class YourOwn(Forbidden):
    code = "your_own"
    title = "Nobody changes their own place on the team"


class LastOwner(Conflict):
    code = "last_owner"
    title = "A platform always has an owner, and this is the last one"


class Leaving(Conflict):
    code = "leaving"
    title = "They have asked that their account be deleted"


class OwnersJoinFirst(Conflict):
    code = "owners_join_first"
    title = "Ownership is given to somebody who is on the team already"


class OnTheTeam(Conflict):
    code = "on_the_team"
    title = "They are on the team already"


class InvitedAlready(Conflict):
    code = "invited_already"
    title = "There is an open invitation to this address"


class RoleHeld(Conflict):
    code = "role_held"
    title = "A role that somebody holds, or is invited to, is not deleted"


class InvitationGone(NotFound):
    code = "invitation_gone"
    title = "This invitation does not hold any more"


class NotYourInvitation(Forbidden):
    code = "not_your_invitation"
    title = "This invitation is for another address"


class MailedEnough(TooManyRequests):
    code = "mailed_enough"
    title = "This invitation has been mailed as often as it may be"
