"""What the team does about itself: members and invitations, roles, the log."""

from lambdas.features.team import log_screens, member_screens, role_screens
from lambdas.features.team.routing import router

__all__ = ["log_screens", "member_screens", "role_screens", "router"]
