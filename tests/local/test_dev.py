"""`prism dev`, whole: processes, edits, crashes, and what is said to who starts it wrongly."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.features.creator_files import new_creator, write_new
from local.dev import AlreadyRunning, FolderUnwritable, PortBusy, run_dev
from local.process import ROOT
from local.server import place_of
from tests.local.requests_here import Reply, ask, wait_until

RUN = """
import sys
from pathlib import Path
from local.dev import run_dev
run_dev(Path(sys.argv[1]), port=int(sys.argv[2]), progress=lambda line: print(line, flush=True))
"""


class Dev:
    """A running `prism dev` of a fresh creator, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.creator = home / "creators" / "tester.yaml"
        self.log = home / "said.txt"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def variables(self) -> Path:
        return self.home / ".prism" / "tester" / "aws.env"

    def start(self) -> None:
        self.log.write_text("")
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, str(self.creator), str(self.port)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        self.hears("Ctrl-C stops it.")

    def hears(self, words: str) -> None:
        wait_until(lambda: words in self.log.read_text() or self.process.poll() is not None, seconds=120)
        assert words in self.log.read_text(), self.log.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def get(self, path: str) -> Reply:
        return ask(self.port, path, headers={"Host": f"tester.localhost:{self.port}"})

    def serves(self, path: str) -> bool:
        """Whether it answers well there now; a server that is just being replaced does not."""
        try:
            return self.get(path).status == 200
        except OSError:
            return False

    def mails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/_local/inbox.json").json
        return found

    def child(self, module: str) -> int:
        """The process id of one of its children."""
        (found,) = self.children(module)
        return found

    def children(self, module: str) -> list[int]:
        """The process ids of those of its children that run this module."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", module], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split()]


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    home = tmp_path_factory.mktemp("home")
    settings = {"id": "tester", "name": "Testa Fictional", "domain": "tester.example", "email": "hello@tester.example"}
    write_new(new_creator(settings), folder=home / "creators")
    running = Dev(home)
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


def test_a_message_through_the_site_is_in_the_inbox(dev: Dev) -> None:
    assert "Testa Fictional" in dev.get("/").text
    assert dev.get("/de/contact/").status == 200
    token = dev.get("/api/contact/token").json["token"]
    born = time.monotonic()
    wait_until(lambda: time.monotonic() > born + 2.5)  # younger, it is a program's
    message = {"name": "Fan", "email": "fan@example.com", "subject": "Hi", "message": "Hello there", "token": token}
    reply = ask(
        dev.port,
        "/api/contact",
        method="POST",
        body=json.dumps(message).encode(),
        headers={"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{dev.port}"},
    )
    assert reply.status == 201, reply.text
    wait_until(lambda: len(dev.mails()) == 2)
    assert {mail["to"][0] for mail in dev.mails()} == {"hello@tester.example", "fan@example.com"}


def test_what_is_on_air_is_told_from_the_first_second_on(dev: Dev) -> None:
    reply = dev.get("/media/public/live/state.json")
    assert (reply.status, reply.json["state"]) == (200, "offline")


def test_a_page_that_is_not_there_is_the_sites_own_404(dev: Dev) -> None:
    reply = dev.get("/de/nirgends/")
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="de"' in reply.text


def test_a_second_start_names_the_first(dev: Dev) -> None:
    with pytest.raises(AlreadyRunning) as raised:
        run_dev(dev.creator, port=dev.port)
    assert f"http://tester.localhost:{dev.port}/" in raised.value.message
    assert str(dev.process.pid) in raised.value.message


def test_a_fault_in_the_creators_file_is_told_with_its_line_and_the_old_site_stays(dev: Dev) -> None:
    sound = dev.creator.read_text()
    dev.creator.write_text(sound.replace("currency: EUR", "currency: EURO"))
    dev.hears("not taken over")
    assert "tester.yaml:" in dev.log.read_text()
    assert "did you mean EUR?" in dev.log.read_text()
    assert dev.get("/").status == 200
    dev.creator.write_text(sound.replace("name: Testa Fictional", "name: Testa Renamed"))
    dev.hears("\ntaken over")
    assert "Testa Renamed" in dev.get("/").text


def test_a_killed_emulator_comes_back_with_what_it_had(dev: Dev) -> None:
    before = dev.mails()
    state = dev.home / ".prism" / "tester" / "state" / "state.json"
    wait_until(lambda: all(mail["id"] in state.read_text() for mail in before))
    os.kill(dev.child("local.emulator_server"), signal.SIGKILL)
    dev.hears("starting it again")
    wait_until(lambda: dev.serves("/api/health") and dev.serves("/_local/inbox.json") and dev.mails() == before)


def test_a_killed_server_is_replaced(dev: Dev) -> None:
    wait_until(lambda: len(dev.children("local.server")) == 1 and dev.serves("/api/health"))
    killed = dev.child("local.server")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: dev.children("local.server") not in ([], [killed]), seconds=60)
    wait_until(lambda: dev.serves("/api/health"), seconds=60)
    assert "server has ended" in dev.log.read_text()


def test_the_ingest_outlives_edits_and_comes_back_where_it_was(dev: Dev) -> None:
    assert "OBS     rtmp://127.0.0.1:" in dev.log.read_text()
    told = dev.variables.read_text()
    assert "PRISM_IVS_CHANNEL" in told
    before = dev.child("local.media_server")
    server = dev.child("local.server")
    edited = dev.creator.read_text()
    dev.creator.write_text(f"{edited}\n# a remark\n")
    wait_until(lambda: not runs(server), seconds=60)
    assert dev.child("local.media_server") == before, "an edit leaves a show alone"
    os.kill(before, signal.SIGKILL)
    dev.hears("the local ingest has ended")
    wait_until(lambda: dev.children("local.media_server") not in ([], [before]), seconds=60)
    assert dev.variables.read_text() == told


def test_switched_off_in_the_creators_file_the_ingest_goes_and_with_it_what_told_of_it(dev: Dev) -> None:
    sound = dev.creator.read_text()
    on = "  live:\n    # Switch the whole feature on or off. Off never deletes data.\n    enabled: "
    assert f"{on}true" in sound
    dev.creator.write_text(sound.replace(f"{on}true", f"{on}false"))
    wait_until(lambda: dev.children("local.media_server") == [], seconds=60)
    wait_until(lambda: "PRISM_IVS_CHANNEL" not in dev.variables.read_text(), seconds=60)
    dev.creator.write_text(sound)
    wait_until(lambda: dev.children("local.media_server") != [], seconds=60)
    wait_until(lambda: "PRISM_IVS_CHANNEL" in dev.variables.read_text(), seconds=60)
    wait_until(lambda: dev.get("/live/").status == 200, seconds=60)


def test_what_it_keeps_is_private(dev: Dev) -> None:
    assert (dev.home / ".prism" / "tester").stat().st_mode & 0o077 == 0


def tables_seen_by_a_shell(dev: Dev) -> list[str]:
    """What a program finds at AWS after `source aws.env`."""
    list_tables = "import boto3; print(*boto3.client('dynamodb').list_tables()['TableNames'])"
    found = subprocess.run(
        ["sh", "-c", '. "$1"; exec "$2" -c "$3"', "sh", str(dev.variables), sys.executable, list_tables],
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split()


def test_a_shell_of_its_owner_may_use_its_aws(dev: Dev) -> None:
    assert dev.variables.stat().st_mode & 0o777 == 0o600
    assert str(dev.variables) in dev.log.read_text()
    before = dev.variables.read_text()
    tables = tables_seen_by_a_shell(dev)
    assert tables
    os.kill(dev.child("local.emulator_server"), signal.SIGKILL)
    dev.hears("starting it again")
    wait_until(lambda: dev.get("/_local/inbox.json").status == 200)
    assert tables_seen_by_a_shell(dev) == tables
    assert dev.variables.read_text() == before


def test_stopped_and_started_again_it_has_everything(dev: Dev) -> None:
    before = dev.mails()
    assert dev.stop() == 0
    assert "stopping; what is stored stays" in dev.log.read_text()
    assert not dev.variables.exists()
    with pytest.raises(ConnectionRefusedError):
        dev.get("/")
    dev.start()
    assert dev.mails() == before


def test_killed_it_leaves_no_process_behind(dev: Dev) -> None:
    modules = ("local.server", "local.emulator_server", "local.media_server")
    assert all(dev.children(module) for module in modules)
    children = [pid for module in modules for pid in dev.children(module)]
    dev.process.kill()
    dev.process.wait(20)
    wait_until(lambda: not any(map(runs, children)))
    dev.start()
    assert dev.get("/").status == 200


def test_an_error_in_the_code_is_told_with_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    with pytest.raises(SyntaxError) as raised:
        compile("x = 1\ndef (:\n", str(broken), "exec")
    assert place_of(raised.value).endswith("broken.py:2: SyntaxError: invalid syntax (broken.py, line 2)")


def a_creator_file(home: Path) -> Path:
    settings = {"id": "tester", "name": "Testa Fictional", "domain": "tester.example", "email": "hello@tester.example"}
    return write_new(new_creator(settings), folder=home / "creators")


def test_a_busy_port_is_said_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortBusy) as raised:
            run_dev(a_creator_file(tmp_path), port=other.getsockname()[1])
    assert "--port" in raised.value.fix


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    creator = a_creator_file(tmp_path)
    (tmp_path / ".prism").write_text("a file where the folder should be")
    with pytest.raises(FolderUnwritable) as raised:
        run_dev(creator)
    assert str(tmp_path / ".prism") in raised.value.message


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    script = f"""
import resource
from pathlib import Path
from local.dev import run_dev
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
run_dev(Path({str(a_creator_file(tmp_path))!r}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert "the disk is full" in done.stderr
