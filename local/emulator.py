"""AWS on this machine: one emulator process a creator, behind one small class.

Programs reach it as they reach AWS, by boto3, with `environment()` in theirs; nothing else of PRISM
knows about it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdas.core.errors import Unavailable
from local import outbox
from local.process import Child
from local.signatures import ask, new_secret

START_SECONDS = 30

ACCESS_KEY_ID = "prism-local"
"""Says nothing but who signs. The account comes from the emulator's settings, as this is no number of one."""


class EmulatorFailed(Unavailable):
    code = "emulator_failed"
    title = "The local AWS did not start"


def account_id(creator_id: str) -> str:
    """Twelve digits, the same for the same creator: each lives in an account of their own here too."""
    return str(
        100_000_000_000 + int.from_bytes(hashlib.sha256(creator_id.encode()).digest()[:8], "big") % 900_000_000_000
    )


@dataclass(kw_only=True)
class Emulator:
    """A running emulator. Without `state` it forgets everything when it stops."""

    account: str
    region: str
    port: int
    secret: str = field(repr=False)
    process: Child = field(repr=False)

    @classmethod
    def start(
        cls,
        *,
        account: str,
        region: str,
        state: Path | None = None,
        log: Path | None = None,
        port: int = 0,
        secret: str | None = None,
        origins: tuple[str, ...] = (),
        tell: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> "Emulator":
        """Start it on loopback and return when it answers; EmulatorFailed says why it did not.

        `port` 0 takes a free one. `secret` is that of an emulator which this one replaces; else a new one is
        made: who does not sign with it is refused. `origins` are the sites whose pages may send requests to it, such as
        an upload to S3. `tell` hears of trouble later, such as {"trouble": "disk full"}. It stops when
        this process does, however that ends.
        """
        secret = secret or new_secret()
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MINISTACK_", "COV_"))},
            "PRISM_EMULATOR_PORT": str(port),
            "PRISM_EMULATOR_ORIGINS": ",".join(origins),
            "PRISM_EMULATOR_STATE": str(state.resolve()) if state else "",
            # By these names the emulator checks presigned URLs, and gives the secret to the functions that it runs.
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": secret,
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "MINISTACK_HOST": "localhost",
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            # The keys of Cognito's tokens, beside the state of which they are part. A folder that cannot be made
            # keeps them in memory; the emulator's own choice is one that all users of this machine can read.
            "STATE_DIR": str(state.resolve() / "keys" if state else Path(os.devnull) / "none"),
            "LOG_LEVEL": "WARNING",
        }
        if log:
            log.unlink(missing_ok=True)
        child = Child.start("local.emulator_server", environment=environment, log=log, seconds=START_SECONDS, tell=tell)
        if "port" not in child.first:
            child.kill()
            where = f" (see {log})" if log else ""
            raise EmulatorFailed(
                f"The local AWS did not start: {child.first.get('error', 'it said nothing')}{where}.",
                fix="`prism doctor` shows what this machine lacks.",
            )
        return cls(account=account, region=region, port=int(child.first["port"]), secret=secret, process=child)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.running

    def environment(self) -> dict[str, str]:
        """The variables by which any AWS client comes here, and can go nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # A proxy of the company's cannot reach this machine, and has no business with what is said here.
            "NO_PROXY": "*",
            "no_proxy": "*",
        }

    def reset(self) -> None:
        """Forget everything."""
        ask(self.endpoint, "/_ministack/reset", method="POST", credentials=self.environment())

    def mail(self) -> list[dict[str, Any]]:
        """Every mail sent, the newest first, as SES's records; `Raw` is the message itself, base64."""
        records: list[dict[str, Any]] = json.loads(ask(self.endpoint, outbox.PATH, credentials=self.environment()))
        return records

    def stop(self) -> None:
        """Stop it and return when its state is on disk."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
