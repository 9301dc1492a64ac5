"""A system log of the lab's own: what a daemon logs by syslog(3), and nobody else hears."""

import os
import re
import socket
import threading
from pathlib import Path

from support import lab

# What programs expect to find; all else of the machine's /dev is none of the lab's business.
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "shm", "pts",
            "loop-control", *(f"loop{number}" for number in range(8)))  # for disks of the lab's own
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}

_HEADER = re.compile(r"<\d+>\w{3} [ \d]\d [\d:]{8} ")  # priority and time


class Syslog:
    """Takes /dev/log's place from construction until the process ends.

    A socket in /dev would be seen outside, since a device file system is one for all mount namespaces: so the lab gets
    a /dev of its own, with the few devices that it needs bound into it.
    """

    def __init__(self):
        self._lines = []
        self._lock = threading.Lock()
        _make_devices(lab.DIRECTORY / "dev")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def lines(self):
        with self._lock:
            return list(self._lines)

    def _read(self):
        while True:
            text = self._socket.recv(65536).decode("utf-8", "backslashreplace").rstrip("\0\n")
            with self._lock:
                self._lines.append(_HEADER.sub("", text))


def _make_devices(directory):
    directory.mkdir()
    for name in _DEVICES:
        device, ours = Path("/dev") / name, directory / name
        if not device.exists():
            continue
        if device.is_dir():
            ours.mkdir()
        else:
            ours.touch()
        lab.run("mount", "--bind", device, ours)
    for name, target in _LINKS.items():
        (directory / name).symlink_to(target)
    lab.run("mount", "--rbind", directory, "/dev")
