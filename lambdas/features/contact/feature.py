"""Contact: a form on the site, stored, mailed to the creator, confirmed to the sender."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from lambdas.core.feature import Block, Feature, FeatureConfig, Page, Schedule, Screen
from lambdas.core.permissions import Permission


class ContactConfig(FeatureConfig):
    """Contact form: stored, mailed to the creator, confirmed to the sender."""

    confirm_sender: bool = Field(default=True, description="Mail the sender that their message has arrived.")
    keep_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=365, description="Messages are deleted after so many days."
    )


FEATURE = Feature(
    name="contact",
    config=ContactConfig,
    tables=("lambdas.features.contact.models:Message",),
    api="lambdas.features.contact.api:router",
    studio="lambdas.features.contact.studio:router",
    changes={"contact-messages": "lambdas.features.contact.events:what_happened"},
    events={
        "contact.message.received": "lambdas.features.contact.events:deliver",
        "contact.message.answered": "lambdas.features.contact.events:deliver",
    },
    schedules={
        "contact.deliver-late": Schedule(every=timedelta(hours=1), run="lambdas.features.contact.events:deliver_late")
    },
    permissions=(
        Permission("contact.messages.read", "manager", "moderator", "support"),
        Permission("contact.messages.answer", "manager", "support"),
        Permission("contact.messages.manage", "manager", "moderator", "support"),
    ),
    screens=(
        Screen(
            path="/studio/contact/",
            template="contact/inbox.html.j2",
            needs="contact.messages.read",
            nav="inbox",
            icon="inbox",
            order=20,
        ),
        Screen(path="/studio/contact/{id}/", template="contact/message.html.j2", needs="contact.messages.read"),
    ),
    pages=(
        Page(
            path="/contact/",
            template="contact/form.html.j2",
            nav="contact",
            order=80,
            context="lambdas.features.contact.pages:form",
        ),
        Page(path="/contact/sent/", template="contact/sent.html.j2", listed=False),
    ),
    blocks=(Block(template="contact/block.html.j2", order=80),),
    exports="lambdas.features.contact.personal_data:exports",
    forgets="lambdas.features.contact.personal_data:forget",
    news="lambdas.features.contact.news:news",
    searches="lambdas.features.contact.news:searches",
    mails=True,
)
