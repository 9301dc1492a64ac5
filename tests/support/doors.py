"""Doors into the lab: ports of the machine outside that lead to a port inside.

A reader's own telnet runs outside, where the lab's addresses do not exist. A listening socket that was opened before
the lab was entered still belongs to the machine outside; who connects to it is passed on to a port inside, and comes
there from the address that the door stands for.
"""

import socket
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """One port outside on 127.0.0.1, where it leads, and as whom one comes there."""

    outside: int
    server: str
    port: int
    client: str
    about: str
    announces: bool = False  # tells the server who comes, in a PROXY line before all others


def open_doors(doors):
    """Before the lab is entered: a list of (door, listening socket). A port in use is replaced by a free one."""
    opened = []
    for door in doors:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", door.outside))
        except OSError:
            listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        opened.append((door, listener))
    return opened


def serve(opened):
    """Inside the lab: passes connections on until the process ends."""
    for door, listener in opened:
        threading.Thread(target=_serve, args=(door, listener), daemon=True).start()


def _serve(door, listener):
    while True:
        outer, _ = listener.accept()
        threading.Thread(target=_pass, args=(door, outer), daemon=True).start()


def _pass(door, outer):
    family = socket.AF_INET6 if ":" in door.server else socket.AF_INET
    with outer, socket.socket(family, socket.SOCK_STREAM) as inner:
        try:
            inner.bind((door.client, 0))
            inner.connect((door.server, door.port))
            if door.announces:
                inner.sendall(_announcement(outer))
        except OSError:
            return
        back = threading.Thread(target=_pump, args=(inner, outer), daemon=True)
        back.start()
        _pump(outer, inner)
        back.join()


def _announcement(client):
    """The line of the PROXY protocol, version 1, for that connection."""
    (source, source_port), (target, target_port) = client.getpeername()[:2], client.getsockname()[:2]
    family = "TCP6" if ":" in source else "TCP4"
    return f"PROXY {family} {source} {target} {source_port} {target_port}\r\n".encode()


def _pump(source, target):
    """Copies until the source ends, and says so to the target."""
    try:
        while octets := source.recv(65536):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)  # the other direction has nobody to talk to any more
            except OSError:
                pass
