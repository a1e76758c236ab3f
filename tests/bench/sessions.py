"""What it costs to know who asks: CPU time of one look at a session's cookie, its row having been read within the minute."""

import time

from lambdas.core.clock import now
from lambdas.platform.sessions import Session, Sessions
from tests.bench.figures import Figure

LIMIT_MS = 0.1
_LOOKS, _ROUNDS = 2000, 5


def measure() -> list[Figure]:
    # Two keys, as while a rotation lasts; 256 bits each, as they are born.
    sessions = Sessions(creator_id="tester", clock=now, keys=lambda: ["a" * 43, "b" * 43])
    session = Session(
        id=f"ses_{'0' * 26}", person_id=f"per_{'0' * 26}", created_at=now(), minted_at=now(), method="password"
    )
    cookie = sessions._cookie(session)
    sessions._believe(session, now())
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        for _ in range(_LOOKS):
            assert sessions.read(cookie) is not None
        rounds.append((time.process_time() - started) / _LOOKS * 1000)
    # The least: what others do on the machine only ever adds.
    return [Figure(name="verifying a session, CPU, warm", measured=min(rounds), limit=LIMIT_MS, unit="ms")]
