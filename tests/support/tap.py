"""A listener on the wire between an MTA and the daemon: what crosses, packet by packet.

    with Tap(("127.0.0.1", 8894), "/run/lab/gate/milter.sock") as tap:
        ...                          # the MTA speaks to the first, the daemon listens at the second
        tap.connections()            # -> [Connection], each with its packets, when all have hung up

It passes on what it reads at once, in the same pieces.
"""

import contextlib
import socket
import struct
import threading

from support import wait

_MTA, _MILTER = "mta", "milter"


class Connection:
    """What crossed one connection so far: letters of packets, as <libmilter/mfdef.h> has them."""

    def __init__(self):
        self.events = []   # of the MTA, without its macros: "O", "C", "H", "M" ...
        self.answers = []  # of the milter: "O", "c", "y" ...
        self.turns = 0     # how often the milter spoke after the MTA had: what the MTA waited for
        self.macros = {}   # letter of an event -> the names that came with it
        self.over = False
        self._last = None

    def note(self, side, letter, octets):
        if side == _MTA and letter == "D":
            names = octets[1:].split(b"\0")[:-1:2]
            self.macros.setdefault(octets[:1].decode(), set()).update(name.decode() for name in names)
        elif side == _MTA:
            self.events.append(letter)
        else:
            self.answers.append(letter)
            self.turns += self._last == _MTA
        self._last = side

    @property
    def said(self):
        """All that the MTA told, in its order, but for its goodbyes: "OCHMRT"."""
        return "".join(letter for letter in self.events if letter not in "AQ")


class Tap:
    def __init__(self, address, path):
        self._path = str(path)
        self._lock = threading.Lock()
        self._connections = []
        self._listener = socket.create_server(address)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def connections(self):
        """All that there were since it was last asked, when they are over."""
        wait.until(lambda: all(each.over for each in self._connections), "the MTA to hang up")
        with self._lock:
            connections, self._connections = self._connections, []
        return connections

    def _accept(self):
        while True:
            try:
                mta, _address = self._listener.accept()
            except OSError:
                return
            milter = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            milter.connect(self._path)
            mta.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection()
            with self._lock:
                self._connections.append(connection)
            threads = [threading.Thread(target=self._pass_on, args=(connection, *way), daemon=True)
                       for way in ((_MTA, mta, milter), (_MILTER, milter, mta))]
            for thread in threads:
                thread.start()
            threading.Thread(target=_see_off, args=(connection, threads, (mta, milter)), daemon=True).start()

    def _pass_on(self, connection, side, source, target):
        pending = b""
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                pending += octets
                while len(pending) >= 4 and len(pending) >= 4 + (length := struct.unpack("!I", pending[:4])[0]):
                    packet, pending = pending[4:4 + length], pending[4 + length:]
                    with self._lock:
                        connection.note(side, packet[:1].decode("latin-1"), packet[1:])
                target.sendall(octets)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def _see_off(connection, threads, sockets):
    for thread in threads:
        thread.join()
    for each in sockets:
        each.close()
    connection.over = True
