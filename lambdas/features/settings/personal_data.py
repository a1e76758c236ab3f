"""What settings knows of a person: which versions they saved. Rows name people by id alone, and stay when they go."""

from typing import Any

from lambdas.platform.services import Services
from lambdas.platform.settings import SECTIONS, SectionVersion


def exports(person_id: str, services: Services) -> dict[str, Any]:
    """The versions that they saved, the oldest first; nothing where there are none."""
    del services
    saved = [
        {"section": section, "version": int(row.version), "at": row.at.isoformat()}
        for section in SECTIONS
        for row in SectionVersion.query(section, filter_condition=SectionVersion.by == person_id)
    ]
    return {"settings": saved} if saved else {}
