"""The channel's one stream key."""

import hmac
from dataclasses import dataclass, field

from local.ivs.settings import Settings
from local.ivs.state import Store, new_id

_FILE = "key.json"


@dataclass(frozen=True)
class StreamKey:
    arn: str
    value: str = field(repr=False)


class StreamKeys:
    """Kept over restarts. A channel is born with a key; there is none only between deleting it and making the next."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        known = store.read(_FILE)
        self.current: StreamKey | None = None
        if known is None:
            self.create()
        elif known.get("arn") and known.get("value"):
            self.current = StreamKey(arn=str(known["arn"]), value=str(known["value"]))

    def create(self) -> StreamKey:
        """A new one in the place of none."""
        region, account = self._settings.region, self._settings.account
        identifier = new_id(12)
        key = StreamKey(
            arn=f"arn:aws:ivs:{region}:{account}:stream-key/{identifier}",
            value=f"sk_{region}_{identifier}_{new_id(30)}",
        )
        self._store.write(_FILE, {"arn": key.arn, "value": key.value})
        self.current = key
        return key

    def delete(self) -> None:
        self._store.write(_FILE, {})
        self.current = None

    def is_current(self, value: str) -> bool:
        return self.current is not None and hmac.compare_digest(self.current.value.encode(), value.encode())
