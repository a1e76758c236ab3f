"""One creator's platform in one process: gateway, functions, worker and schedules, over the local AWS.

Started by `local.dev` with the environment of the emulator and an open socket. It prepares the
resources and the site, says {"ready": …}, serves when it is told `serve`, and stops when its
parent hangs up. {"error": …} says why it cannot; then the one before goes on serving.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import threading
import traceback
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lambdas.core.errors import PrismError
from local.process import ROOT, Parent

if TYPE_CHECKING:
    from local.streams import StreamFeeder

MEDIA_KEY = "KLOCALMEDIA"
"""What CloudFront would call the public key that signed cookies are verified with (`StackKeys.media_signing_public`)."""


def main() -> None:
    parent = Parent()
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    parent.say(started=True)
    wanted, unwanted = threading.Event(), threading.Event()

    def gone() -> None:
        unwanted.set()
        wanted.set()

    # Heard before anything slow, so that a parent that goes away ends this process too.
    parent.listen(word=lambda _: wanted.set(), gone=gone)
    try:
        server = Server(parent)
        server.prepare()
        parent.say(ready=True)
        wanted.wait()
        if not unwanted.is_set():
            asyncio.run(server.serve(unwanted))
    except PrismError as error:
        # A creator's file has all its faults told at once, each with its line and its own fix.
        faults = getattr(error, "faults", ())
        told = "\n".join(f"{fault}\n  {fault.fix}" for fault in faults)
        parent.say(error=told or error.message, fix="" if told else error.fix)
        sys.exit(1)
    except Exception as error:
        logging.getLogger("prism").exception("the platform could not start")
        parent.say(error=place_of(error), fix="Mend it and save; what runs goes on until then.")
        sys.exit(1)


def place_of(error: BaseException) -> str:
    """file:line and what happened there: the last of our own lines on the way to the error."""
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if f.filename.startswith(str(ROOT)) and "site-packages" not in f.filename]
        file, line = (ours[-1].filename, ours[-1].lineno) if ours else ("", None)
    where = f"{os.path.relpath(file, ROOT)}:{line}: " if file else ""
    return f"{where}{type(error).__name__}: {error}"


@cache
def client(service: str) -> Any:
    """A boto3 client that says at once when the local AWS is away, instead of trying on."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=30, max_pool_connections=40)
    return boto3.client(service, config=config)  # type: ignore[call-overload]


class Server:
    """Everything of one creator; `prepare` makes it whole, `serve` runs it."""

    def __init__(self, parent: Parent) -> None:
        self.parent = parent
        self.creator_file = Path(os.environ["PRISM_DEV_CREATOR"])
        self.home = Path(os.environ["PRISM_DEV_HOME"])
        self.port = int(os.environ["PRISM_DEV_PORT"])
        self.socket = socket.socket(fileno=int(os.environ["PRISM_DEV_SOCKET"]))

    def prepare(self) -> None:
        from lambdas.features.creator_files import read_creator
        from lambdas.features.registry import active_features
        from lambdas.web import edge
        from local.platform import ensure_platform

        self.creator = read_creator(self.creator_file)
        self.features = active_features(self.creator)
        self.routes = edge.routes(self.features)
        self.platform = ensure_platform(self.creator, client=client)
        self._send_assets()
        self._load_functions(edge.functions(self.features))
        self._publish()

    def _send_assets(self) -> None:
        from frontend_template.build import build_site
        from frontend_template.cache import cache_folder
        from lambdas.platform.storage import sync_site

        built = build_site(
            self.creator,
            features=self.features,
            source=self.creator_file.parent / self.creator.id,
            out=self.home / self.creator.id / "build",
            cache=cache_folder(self.home),
            progress=lambda step: self.parent.say(progress=f"building the site: {step}"),
            pages=False,
        )
        sync_site(client("s3"), self.platform.bucket, built.folder)

    def _publish(self) -> None:
        """What the deploy asks the worker for: every page and what pages ask for, by the settings and the content that are stored."""
        from lambdas.handlers.worker import worker

        self.parent.say(progress="building the site: pages")
        done = worker.publish_all()
        if done.written or done.removed:
            files = len({key.removesuffix(".br") for key in done.written | done.removed})
            self.parent.say(progress=f"the site is published: {files} files changed")

    def _load_functions(self, names: tuple[str, ...]) -> None:
        """Import the real handlers, in the environment that Lambda would give them."""
        from lambdas.core.references import load

        creator_json = self.home / self.creator.id / "creator.json"
        # mode="json": the file holds what the bundle's does.
        creator_json.write_text(json.dumps(self.creator.model_dump(mode="json")), encoding="utf-8")
        os.environ |= {
            "PRISM_CREATOR_FILE": str(creator_json),
            "PRISM_SITE_BUCKET": self.platform.bucket,
            "PRISM_MEDIA_BUCKET": self.platform.media,
            "PRISM_ORIGIN_DIGESTS": ",".join(self.platform.keys.origin_digests),
            "PRISM_VERSION": "local",
            "PRISM_SITE_ORIGIN": f"http://{self.creator.id}.localhost:{self.port}",
            "PRISM_MEDIA_KEY": MEDIA_KEY,
            **self.platform.people.environment(),
        }
        self.functions = {name: load(f"lambdas.handlers.{name}:handler") for name in names}

    async def serve(self, unwanted: threading.Event) -> None:
        """Until nobody wants it; then requests and batches at work are finished first."""
        from local.loopback import server

        http = server(self._gateway().app(), grace=5)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_stop_when, args=(unwanted, loop, http), daemon=True).start()
        feeder = self._feeder()
        workers = [feeder, *self._others()]
        for worker in workers:
            worker.start()
        seeding = threading.Thread(target=self._seed, args=(unwanted, feeder), name="seed", daemon=True)
        seeding.start()
        self.parent.say(serving=True)
        await http.serve(sockets=[self.socket])
        for worker in workers:
            await asyncio.to_thread(worker.stop)

    def _gateway(self) -> Any:
        from lambdas.web import edge
        from local.gateway import Gateway
        from local.signed_cookies import KeyGroup
        from local.tools import tools_app

        endpoint = os.environ["AWS_ENDPOINT_URL"]
        return Gateway(
            creator_id=self.creator.id,
            port=self.port,
            account=os.environ["PRISM_DEV_ACCOUNT"],
            region=self.creator.region,
            bucket=self.platform.bucket,
            media=self.platform.media,
            origin_secret=self.platform.keys.origin_secret,
            routes=self.routes,
            uncached=edge.uncached_paths(self.features),
            functions=self.functions,
            s3=client("s3"),
            cloud_answers=partial(cloud_answers, endpoint),
            tools=tools_app(creator=self.creator, endpoint=endpoint, mail=partial(mail_at, endpoint)),
            media_origins=self._media_origins(),
            trusted=KeyGroup(keys={MEDIA_KEY: self.platform.keys.media_signing_public}),
        )

    def _media_origins(self) -> Any:
        """Those of the cloud, in its place the media process, as far as it runs."""
        from lambdas.web import edge

        playback = _origin(os.environ.get("PRISM_IVS_PLAYBACK", ""))
        chat = _origin(os.environ.get("PRISM_CHAT_ENDPOINT", ""))
        wanted = edge.media_origins(self.creator, self.features)
        return wanted._replace(playback=playback if wanted.playback else (), chat=chat if wanted.chat else ())

    def _worker(self) -> dict[str, Any]:
        """The worker, as each that gives it events wants it."""
        from local.gateway import lambda_context

        return {
            "worker": self.functions["worker"],
            "context": partial(lambda_context, self.creator.id, "worker", 60.0),
        }

    def _feeder(self) -> "StreamFeeder":
        from lambdas.platform.streams import ATTEMPTS, BATCH_SIZE
        from lambdas.platform.tables import table_name
        from local.streams import Policy, StreamFeeder

        tables = dict.fromkeys(table for feature in self.features for table in feature.changes)
        return StreamFeeder(
            tables=tuple(table_name(self.creator.id, table) for table in tables),
            dynamodb=client("dynamodb"),
            streams=client("dynamodbstreams"),
            sqs=client("sqs"),
            dead_letters=self.platform.dead_letters,
            checkpoints=self.platform.checkpoints,
            policy=Policy(batch=BATCH_SIZE, attempts=ATTEMPTS),
            **self._worker(),
        )

    def _others(self) -> list[Any]:
        """What else gives the worker its events: the clock, and the ingest."""
        from local.ivs_events import IvsEvents
        from local.schedules import Rules, Scheduler

        schedules = {name: schedule for feature in self.features for name, schedule in feature.schedules.items()}
        asleep = frozenset(name for name, schedule in schedules.items() if schedule.asleep)
        return [
            Scheduler(
                every={name: schedule.every for name, schedule in schedules.items()},
                checkpoints=self.platform.checkpoints,
                awake=Rules(creator_id=self.creator.id, asleep=asleep, events=client("events")).awake,
                **self._worker(),
            ),
            IvsEvents(
                queue=self.platform.ivs_events,
                sqs=client("sqs"),
                dead_letters=self.platform.dead_letters,
                **self._worker(),
            ),
        ]

    def _seed(self, unwanted: threading.Event, feeder: "StreamFeeder") -> None:
        """Put the demo's data in, and say so once the pages show it."""
        from local.seed import seed

        try:
            filled = seed(
                self.creator,
                platform=self.platform,
                active=frozenset(feature.name for feature in self.features),
                routes=self.routes,
                functions=self.functions,
                mails=partial(texts_to, os.environ["AWS_ENDPOINT_URL"]),
                stop=unwanted,
                channel=os.environ.get("PRISM_IVS_CHANNEL", ""),
            )
        except Exception:
            if not unwanted.is_set():
                logging.getLogger("prism.seed").exception("the demo's data is not all there")
                self.parent.say(progress="the demo's data is not all there; the log says why")
            return
        if filled and feeder.catch_up():
            self.parent.say(progress=f"demo data is in: {', '.join(filled)}")


def _origin(address: str) -> tuple[str, ...]:
    parts = urlsplit(address)
    return (f"{parts.scheme}://{parts.netloc}",) if address else ()


def cloud_answers(endpoint: str) -> bool:
    host, _, port = endpoint.removeprefix("http://").partition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=2):
            return True
    except OSError:
        return False


def mail_at(endpoint: str) -> list[dict[str, Any]]:
    from local import outbox
    from local.signatures import ask

    records: list[dict[str, Any]] = json.loads(ask(endpoint, outbox.PATH, credentials=os.environ, seconds=10))
    return records


def texts_to(endpoint: str, address: str) -> list[str]:
    """The texts of all mails to an address, the newest first."""
    from local.mailbox import Mail

    mails = map(Mail.from_record, mail_at(endpoint))
    return [mail.text for mail in mails if address in mail.to]


def _stop_when(unwanted: threading.Event, loop: asyncio.AbstractEventLoop, server: Any) -> None:
    unwanted.wait()
    loop.call_soon_threadsafe(setattr, server, "should_exit", True)


if __name__ == "__main__":
    main()
