"""Who may speak to a local server, and what one hears of one that is killed."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.loopback import Guard, fetch, is_loopback_name

SITE = Guard(port=8000, names={"mira.localhost", "localhost", "127.0.0.1"}.__contains__, same_origin=True, links=True)
CLOUD = Guard(port=4566)


def refused(guard: Guard, method: str = "GET", **headers: str) -> bool:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return guard.refusal(method, pairs) is not None


@pytest.mark.parametrize("host", ["mira.localhost:8000", "MIRA.localhost:8000", "localhost:8000", "127.0.0.1:8000"])
def test_its_own_names_are_welcome(host: str) -> None:
    assert not refused(SITE, host=host)


@pytest.mark.parametrize(
    "host", ["evil.example:8000", "mira.localhost:8001", "mira.localhost", "localhost.evil.example:8000", "", ":8000"]
)
def test_a_name_that_someone_pointed_here_is_refused(host: str) -> None:
    assert refused(SITE, host=host)


def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    assert refused(SITE)
    assert SITE.refusal("GET", [(b"host", b"localhost:8000"), (b"host", b"localhost:8000")])


def test_its_own_pages_may_send_requests() -> None:
    assert not refused(SITE, "POST", host="localhost:8000", origin="http://localhost:8000")
    assert not refused(SITE, "POST", host="localhost:8000", sec_fetch_site="same-origin")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:3000", "https://localhost:8000", "http://127.0.0.1:8000"],
)
def test_pages_of_other_origins_may_not(origin: str) -> None:
    assert refused(SITE, "POST", host="localhost:8000", origin=origin)
    assert refused(SITE, "GET", host="localhost:8000", origin=origin)


def test_other_sites_may_link_here_but_not_frame_embed_or_post() -> None:
    link = {"host": "localhost:8000", "sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert not refused(SITE, "GET", **link, sec_fetch_dest="document")
    assert refused(SITE, "GET", **link, sec_fetch_dest="iframe")
    assert refused(SITE, "POST", **link, sec_fetch_dest="document")
    assert refused(SITE, "GET", host="localhost:8000", sec_fetch_site="same-site", sec_fetch_mode="no-cors")


def test_the_emulator_takes_nothing_from_any_page_but_those_named() -> None:
    assert refused(CLOUD, "POST", host="127.0.0.1:4566", origin="http://127.0.0.1:4566")
    named = Guard(port=4566, origins=frozenset({"http://mira.localhost:8000"}))
    assert not refused(named, "PUT", host="127.0.0.1:4566", origin="http://mira.localhost:8000")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "bucket.s3.localhost"])
def test_names_that_always_mean_this_machine(name: str) -> None:
    assert is_loopback_name(name)


@pytest.mark.parametrize("name", ["localhost.evil.example", "127.0.0.1.nip.example", "10.0.0.1", "evilocalhost"])
def test_names_that_only_look_like_it(name: str) -> None:
    assert not is_loopback_name(name)


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"", b"nonsense\r\n\r\n"])
def test_an_answer_that_breaks_off_is_no_answer(said: bytes) -> None:
    def answer(server: socket.socket) -> None:
        asked, _ = server.accept()
        with asked:
            asked.recv(65536)
            asked.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        answering = pool.submit(answer, server)
        with pytest.raises(OSError, match="has not answered whole"):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/")
        answering.result(30)
