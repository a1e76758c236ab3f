"""Contact: a form on the site, stored, mailed to the creator, confirmed to the sender."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from lambdas.core.feature import Block, Feature, FeatureConfig, Page, Schedule


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
    changes={"contact-messages": "lambdas.features.contact.events:what_happened"},
    events={"contact.message.received": "lambdas.features.contact.events:deliver"},
    schedules={
        "contact.deliver-late": Schedule(every=timedelta(hours=1), run="lambdas.features.contact.events:deliver_late")
    },
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
    mails=True,
)
