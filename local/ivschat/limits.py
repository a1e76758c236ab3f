"""How often something may be done."""

import time
from collections import deque
from collections.abc import Callable


class Rate:
    """At most `limit` takes in any one second."""

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> bool:
        """True where there was room; a refused take costs nothing."""
        now = self._clock()
        while self._taken and self._taken[0] <= now - 1:
            self._taken.popleft()
        if len(self._taken) >= self.limit:
            return False
        self._taken.append(now)
        return True
