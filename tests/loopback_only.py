"""No test reaches the network: whatever in this process asks for a foreign host is told so, loudly."""

import ipaddress
import sys
from typing import Any


class ForeignHost(AssertionError):
    """A test tried to reach a host other than this machine."""


def guard() -> None:
    """Refuse sockets and name look-ups beyond loopback, from now to the end of the process."""
    # An audit hook sees every socket, also those of libraries written in C that use Python's, and cannot be taken off.
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        # Unix sockets have a path, a sendmsg on a connected socket has no address.
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise ForeignHost(f"a test tried to reach {address[0]}:{address[1]}")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise ForeignHost(f"a test tried to look up {arguments[0]!r}")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost" or (isinstance(name, str) and name.endswith(".localhost")):
        return True
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
