"""Opens sockets in the network of a confined child: run as a program of its own, with the standard library alone.

`python netns.py PID CHANNEL PORT...` enters the network namespace of a process, through the user namespace that owns it
where that is another one, listens there, and sends the sockets through the unix socket CHANNEL: first one for look-ups
of names (UDP, port 53), then one for each PORT. A server of many threads cannot enter a user namespace itself; and the
child, which owns nothing of its network, could not listen below port 1024.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import sys

OWNER = 0xB701
"""`NS_GET_USERNS` of ioctl_ns(2): the user namespace that owns a namespace."""
USERS, NETWORK = 0x10000000, 0x40000000
"""`CLONE_NEWUSER` and `CLONE_NEWNET`."""
LOOKUPS = 53
WAITING = 64
"""Connections that may wait to be accepted."""


def enter(pid: str) -> None:
    """Goes into the network of a process; raises `OSError`."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    owner = fcntl.ioctl(network, OWNER)
    if os.fstat(owner).st_ino != os.stat("/proc/self/ns/user").st_ino:
        _set(owner, USERS)
    _set(network, NETWORK)


def _set(namespace: int, kind: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, kind):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def listen(ports: list[int]) -> list[socket.socket]:
    """The sockets: all addresses of the child's network are its own."""
    lookups = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    lookups.bind(("0.0.0.0", LOOKUPS))  # noqa: S104 - see above
    opened = [lookups]
    for port in ports:
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream.bind(("0.0.0.0", port))  # noqa: S104 - see above
        stream.listen(WAITING)
        opened.append(stream)
    return opened


def main() -> None:
    """Does it, as the arguments say."""
    pid, channel, *ports = sys.argv[1:]
    enter(pid)
    opened = listen([int(port) for port in ports])
    with socket.socket(fileno=int(channel)) as out:
        socket.send_fds(out, [b"+"], [one.fileno() for one in opened])


if __name__ == "__main__":
    main()
