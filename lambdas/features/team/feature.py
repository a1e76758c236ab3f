"""The creator's team: who may do what, invitations, and the log of what was done."""

from lambdas.core.feature import Feature, FeatureConfig, Page, Screen
from lambdas.core.permissions import Permission

FEATURE = Feature(
    name="team",
    config=FeatureConfig,
    tables=("lambdas.features.team.models:Invitation",),
    account="lambdas.features.team.joining:router",
    studio="lambdas.features.team.studio:router",
    changes={
        "team-invitations": "lambdas.features.team.events:of_invitations",
        "team": "lambdas.features.team.events:of_members",
    },
    events={
        "team.invitation.wanted": "lambdas.features.team.events:mail",
        "team.member.gone": "lambdas.features.team.events:sign_out",
    },
    permissions=(
        # Whom one works with, and what each of them may do, is no secret on a team.
        Permission("team.members.read", "manager", "editor", "moderator", "finance", "support"),
        Permission("team.members.invite", "manager"),
        Permission("team.members.manage", "manager"),
        Permission("team.roles.manage", "manager"),
        Permission("audit.read", "manager"),
        # The log leaves the house with people's addresses in it: an owner's decision, or whom they give it to.
        Permission("audit.export"),
    ),
    pages=(Page(path="/account/invitation/", template="team/invitation.html.j2", personal=True, listed=False),),
    screens=(
        Screen(
            path="/studio/team/",
            template="team/index.html.j2",
            needs="team.members.read",
            nav="team",
            icon="people",
            order=80,
        ),
        Screen(path="/studio/team/invite/", template="team/invite.html.j2", needs="team.members.invite"),
        Screen(path="/studio/team/members/{id}/", template="team/member.html.j2", needs="team.members.read"),
        Screen(path="/studio/team/roles/", template="team/roles.html.j2", needs="team.members.read"),
        Screen(path="/studio/team/roles/new/", template="team/new_role.html.j2", needs="team.roles.manage"),
        Screen(path="/studio/team/roles/{id}/", template="team/role.html.j2", needs="team.roles.manage"),
        Screen(
            path="/studio/audit/", template="team/log.html.j2", needs="audit.read", nav="audit", icon="log", order=85
        ),
        Screen(path="/studio/audit/{id}/", template="team/entry.html.j2", needs="audit.read"),
    ),
    news="lambdas.features.team.news:news",
    searches="lambdas.features.team.news:searches",
    exports="lambdas.features.team.personal_data:exports",
    forgets="lambdas.features.team.personal_data:forget",
    mails=True,
    optional=False,
)
