"""The guard that keeps tests on this machine."""

import socket
import urllib.error
import urllib.request

import pytest

from tests.loopback_only import ForeignHost


def test_no_test_reaches_a_foreign_address() -> None:
    with socket.socket() as connection, pytest.raises(ForeignHost):
        connection.connect(("192.0.2.1", 80))


def test_no_test_looks_up_a_foreign_name() -> None:
    with pytest.raises(ForeignHost):
        urllib.request.urlopen("http://prism.example/", timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
