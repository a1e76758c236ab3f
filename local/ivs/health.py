"""Whether a publisher's media arrives as fast as it plays."""

from collections import deque


class Pace:
    """Compares media time with real time. Starving: `behind` seconds later than it once was."""

    def __init__(self, *, behind: float) -> None:
        self._behind = behind
        self._begin: tuple[float, float] | None = None
        self._best = 0.0
        self._reached = 0.0
        self._starving = False
        self._seen: deque[tuple[float, float]] = deque()

    @property
    def begun(self) -> bool:
        return self._begin is not None

    def media(self, reached: float, *, now: float) -> None:
        """The media arrived up to `reached`, in seconds."""
        if self._begin is None:
            self._begin = (now, reached)
        self._reached = reached
        self._best = min(self._best, self._lag(now))

    def is_starving(self, now: float) -> bool:
        """Asked every now and then. A publisher that stays behind but sends as fast as it plays again has recovered."""
        if self._begin is None:
            return False
        behind = self._lag(now) - self._best
        self._seen.append((now, self._reached))
        while len(self._seen) > 1 and now - self._seen[1][0] >= self._behind:
            self._seen.popleft()
        if not self._starving:
            self._starving = behind > self._behind
        elif behind < self._behind / 2 or self._flows(now):
            self._starving = False
            self._best = self._lag(now)
        return self._starving

    def _lag(self, now: float) -> float:
        assert self._begin is not None
        return (now - self._begin[0]) - (self._reached - self._begin[1])

    def _flows(self, now: float) -> bool:
        since, reached = self._seen[0]
        return now - since >= self._behind and self._reached - reached >= 0.9 * (now - since)
