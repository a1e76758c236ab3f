"""Who is signed in: one signed cookie that names one row.

The cookie proves itself by its signature and its age, without a read. Its row says that it has not
been ended: read at most once a minute a container, and each time where it matters (`fresh`).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import UpdateError

from lambdas.core.clock import Clock
from lambdas.core.ids import new_id
from lambdas.platform.keys import signer
from lambdas.platform.tables import Table

if TYPE_CHECKING:
    from itsdangerous import URLSafeSerializer

COOKIE = "__Host-session"

IDLE = timedelta(days=14)
"""A session that nobody uses for so long has ended."""

ABSOLUTE = timedelta(days=90)
"""No session is older, however much it is used."""

MINTED_FOR = timedelta(minutes=10)
"""A cookie older than this is made anew, and its row says when it was last seen."""

BELIEVED_FOR = timedelta(minutes=1)
"""How long a container may go on without looking at a session's row again."""

_REMEMBERED = 1000
_CLOCKS_DIFFER = timedelta(minutes=1)


class SessionRow(Table):
    """One signed-in browser of one person."""

    class Meta:
        short_name = "sessions"

    person_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    created_at = UTCDateTimeAttribute()
    seen_at = UTCDateTimeAttribute()
    agent = UnicodeAttribute(default="")
    method = UnicodeAttribute()
    expires_at = TTLAttribute()


class Session(NamedTuple):
    """A session that holds. `minted_at` is when its cookie was made, `created_at` when its person signed in.

    `method` says how they proved themselves: "password", "password+totp", "password+recovery", "passkey".
    """

    id: str
    person_id: str
    created_at: datetime
    minted_at: datetime
    method: str


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """One creator's sessions. `keys` gives the session keys, the one that signs first."""

    creator_id: str
    clock: Clock
    keys: Callable[[], list[str]]
    _believed: "OrderedDict[tuple[str, str], tuple[datetime, Session]]" = field(default_factory=OrderedDict, repr=False)

    def open(self, person_id: str, *, agent: str, method: str) -> tuple[Session, str]:
        """Sign a person in: a new session and its cookie's value. `agent` is shown to its owner ("Firefox on Linux")."""
        now = self.clock()
        row = SessionRow(
            person_id,
            new_id("ses", at=now),
            created_at=now,
            seen_at=now,
            agent=agent,
            method=method,
            expires_at=now + IDLE,
        )
        row.save(condition=SessionRow.id.does_not_exist())
        session = _session(row, minted_at=now)
        return session, self._cookie(session)

    def read(self, cookie: str, *, fresh: bool = False) -> Session | None:
        """The session of a cookie's value; None for one forged, of another creator, too old, or ended.

        One read (consistent) unless its row was looked at within the last minute; `fresh` always looks.
        """
        named = self._named(cookie)
        if named is None:
            return None
        person_id, id, minted_at = named
        now = self.clock()
        if not fresh:
            believed = self._believed.get((person_id, id))
            if believed is not None and now - believed[0] < BELIEVED_FOR:
                return believed[1]._replace(minted_at=minted_at)
        try:
            row = SessionRow.get(person_id, id, consistent_read=True)
        except SessionRow.DoesNotExist:
            self._believed.pop((person_id, id), None)
            return None
        if row.expires_at <= now or now - row.created_at >= ABSOLUTE:
            self._believed.pop((person_id, id), None)
            return None
        session = _session(row, minted_at=minted_at)
        self._believe(session, now)
        return session

    def renewed(self, session: Session) -> str | None:
        """A new cookie's value for one that is ten minutes old; None where it is not, or the session has just ended."""
        now = self.clock()
        if now - session.minted_at < MINTED_FOR:
            return None
        try:
            SessionRow(session.person_id, session.id).update(
                actions=[
                    SessionRow.seen_at.set(now),
                    SessionRow.expires_at.set(min(now + IDLE, session.created_at + ABSOLUTE)),
                ],
                condition=SessionRow.id.exists(),
            )
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            self._believed.pop((session.person_id, session.id), None)
            return None
        return self._cookie(session._replace(minted_at=now))

    def of(self, person_id: str) -> list[SessionRow]:
        """Everywhere a person is signed in, last seen first."""
        now = self.clock()
        rows = [row for row in SessionRow.query(person_id, consistent_read=True) if row.expires_at > now]
        return sorted(rows, key=lambda row: row.seen_at, reverse=True)

    def end(self, person_id: str, id: str) -> None:
        """End one session; one that has ended already, or is another person's, changes nothing."""
        SessionRow(person_id, id).delete()
        self._believed.pop((person_id, id), None)

    def end_all(self, person_id: str, *, but: str | None = None) -> int:
        """End all sessions of a person, `but` perhaps the one they are in; how many there were."""
        rows = [row for row in SessionRow.query(person_id, consistent_read=True) if row.id != but]
        for row in rows:
            self.end(person_id, row.id)
        return len(rows)

    def _believe(self, session: Session, now: datetime) -> None:
        self._believed[session.person_id, session.id] = (now, session)
        self._believed.move_to_end((session.person_id, session.id))
        while len(self._believed) > _REMEMBERED:
            self._believed.popitem(last=False)

    def _named(self, cookie: str) -> tuple[str, str, datetime] | None:
        """What a cookie says, where it is ours and not too old."""
        from itsdangerous import BadData

        try:
            person_id, id, minted = self._signer().loads(cookie)
            minted_at = datetime.fromtimestamp(minted, UTC)
        except (BadData, ValueError, TypeError, OverflowError, OSError):
            return None
        age = self.clock() - minted_at
        if not (-_CLOCKS_DIFFER <= age < IDLE and isinstance(person_id, str) and isinstance(id, str)):
            return None
        return person_id, id, minted_at

    def _cookie(self, session: Session) -> str:
        return str(self._signer().dumps([session.person_id, session.id, int(session.minted_at.timestamp())]))

    def _signer(self) -> "URLSafeSerializer":
        return signer(self.keys(), salt=f"session/{self.creator_id}")


def _session(row: SessionRow, *, minted_at: datetime) -> Session:
    return Session(
        id=row.id, person_id=row.person_id, created_at=row.created_at, minted_at=minted_at, method=row.method
    )
