"""Saving a section: its present state, its version for ever, and the audit entry, all or nothing."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from lambdas.core.errors import NotFound, PreconditionFailed
from lambdas.features.settings.inputs import flat
from lambdas.platform import audit
from lambdas.platform.settings import Section, SectionVersion, StoredSection, read_value, section_of
from lambdas.platform.tables import NotWritten, repeated, transaction
from lambdas.platform.visit import Visit

ACTION = "settings.section.saved"
_A_PAGE = 20


@dataclass(frozen=True, kw_only=True)
class Present:
    """A section as it holds now.

    `row` is None where nobody has ever saved it. `of_file` says that the file's holds; `outdated` that
    it does because what was saved fits the rules of today no more.
    """

    section: Section
    value: BaseModel
    file: BaseModel
    row: StoredSection | None
    outdated: bool

    @property
    def version(self) -> int:
        return int(self.row.version) if self.row else 0

    @property
    def of_file(self) -> bool:
        return self.outdated or self.row is None or self.row.value is None


def present(section: Section, visit: Visit) -> Present:
    """How a section stands this moment."""
    file = section_of(visit.services.creator, section)
    try:
        row = StoredSection.get(section, consistent_read=True)
    except StoredSection.DoesNotExist:
        return Present(section=section, value=file, file=file, row=None, outdated=False)
    value = read_value(section, row.value)
    outdated = value is None and row.value is not None
    return Present(section=section, value=value or file, file=file, row=row, outdated=outdated)


def save(section: Section, value: BaseModel | None, visit: Visit, *, seen: int, restores: int | None = None) -> int:
    """Make this the section's newest version (None: the file's) and return its number.

    PreconditionFailed where somebody else has saved since `seen`; nothing is written then. What is there
    already is not saved again, nor what the same person has just saved by the same press.
    """
    before = present(section, visit)
    stored = None if value is None else value.model_dump_json()
    now, person = visit.services.clock(), visit.person.id
    same = not before.outdated and stored == (before.row.value if before.row else None)
    if same and (before.version == seen or _is_by(before, person, version=seen + 1)):
        return before.version
    row = StoredSection(section, version=seen + 1, value=stored, at=now, by=person, correlation_id=visit.correlation_id)
    version = SectionVersion(section, seen + 1, value=stored, at=now, by=person, restores=restores)
    entry = audit.entry(
        visit, ACTION, section, before=_shown(before.value, value), after=_shown(value or before.file, before.value)
    )
    condition = (StoredSection.version == seen) if seen else StoredSection.section.does_not_exist()
    _write(row, version, entry, condition=condition)
    visit.services.settings.forget()
    return seen + 1


def restore(section: Section, visit: Visit, *, number: int, seen: int) -> int:
    """Make an earlier version the newest one; 0 gives the section back to the file. NotFound, PreconditionFailed."""
    if not number:
        return save(section, None, visit, seen=seen, restores=0)
    # A query: nobody may do more to a table that is append-only.
    found = SectionVersion.query(section, SectionVersion.version == number, consistent_read=True)
    version = next(iter(found), None)
    if version is None:
        raise NotFound(f"There is no version {number} of it.")
    value = read_value(section, version.value)
    if value is None and version.value is not None:
        raise NotFound(f"Version {number} does not fit any more.", fix="Look at it, and type what you need of it.")
    return save(section, value, visit, seen=seen, restores=number)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version as the studio lists it: what changed against the one before, by field."""

    row: SectionVersion
    changes: tuple[tuple[str, str, str], ...]
    usable: bool


def versions(section: Section, visit: Visit, *, before: int = 0) -> tuple[tuple[Version, ...], int]:
    """The newest versions (older than `before`, where that is given), and where to go on, 0 at the end."""
    file = section_of(visit.services.creator, section)
    older: Any = (SectionVersion.version < before) if before else None
    rows = list(SectionVersion.query(section, older, scan_index_forward=False, limit=_A_PAGE + 1, consistent_read=True))
    values = [read_value(section, row.value) for row in rows]
    listed = []
    for place, row in enumerate(rows[:_A_PAGE]):
        earlier = values[place + 1] if place + 1 < len(rows) else None
        listed.append(
            Version(
                row=row,
                changes=differences(
                    file if earlier is None else earlier, file if (now := values[place]) is None else now
                ),
                usable=now is not None or not row.value,
            )
        )
    return tuple(listed), int(rows[_A_PAGE - 1].version) if len(rows) > _A_PAGE else 0


def differences(one: BaseModel, other: BaseModel) -> tuple[tuple[str, str, str], ...]:
    """The fields in which two versions of a section differ: name, one, other."""
    first, second = flat(one), flat(other)
    return tuple((name, first.get(name, ""), text) for name, text in second.items() if first.get(name, "") != text)


def _is_by(section: Present, person_id: str, *, version: int) -> bool:
    return section.row is not None and section.row.by == person_id and section.version == version


def _shown(value: BaseModel | None, beside: BaseModel | None) -> dict[str, Any]:
    """What the log says of a version: the fields that changed."""
    if value is None:
        return {"from": "file"}
    if beside is None:
        return {"value": json.loads(value.model_dump_json())}
    there, here = flat(beside), flat(value)
    return {name: text for name, text in here.items() if there.get(name, "") != text}


def _write(row: StoredSection, version: SectionVersion, entry: audit.AuditEntry, *, condition: Any) -> None:
    def once() -> None:
        with transaction(StoredSection) as write:
            write.save(row, condition=condition)
            write.save(version, condition=SectionVersion.section.does_not_exist())
            write.save(entry)

    try:
        # Two at once: DynamoDB may turn both away, and what the condition says is known a moment later.
        repeated(once)
    except NotWritten:
        raise PreconditionFailed(fix="Look at what has changed, then save again.") from None
