"""sallyport itself: started, watched, reloaded, stopped."""

import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

from support import lab, wait

_LISTENING_UNIX = "00010000"  # flags in /proc/net/unix: __SO_ACCEPTCON
_LISTENING_TCP = "0A"         # state in /proc/net/tcp: TCP_LISTEN


def listening(milter_socket):
    """Does somebody listen at that socket? (That its file exists says nothing.)"""
    kind, _, rest = milter_socket.partition(":")
    if kind == "unix":
        lines = Path("/proc/net/unix").read_text().splitlines()[1:]
        return any(fields[3] == _LISTENING_UNIX and fields[-1] == rest for fields in map(str.split, lines))
    port = int(rest.partition("@")[0])
    table = Path("/proc/net/tcp6" if kind == "inet6" else "/proc/net/tcp")
    fields = [line.split() for line in table.read_text().splitlines()[1:]]
    return any(row[3] == _LISTENING_TCP and int(row[1].rpartition(":")[2], 16) == port for row in fields)


class Daemon:
    """One `sallyport run`. Its standard error and what it tells systemd are kept, line by line."""

    def __init__(self, executable, rules, milter_socket, options=(), descriptors=None):
        """`descriptors` is the hard limit of them that it is given, where that is not ours."""
        self.rules = rules
        self.milter_socket = milter_socket
        self.lines = []
        self.notifications = []
        self._changed = threading.Condition()
        limited = [] if descriptors is None else ["prlimit", f"--nofile={descriptors}"]
        self._command = [*limited, str(executable), "run", "-c", str(rules), *options]
        self._process = None

    # Its life

    def start(self, ready=True):
        """Starts it; with `ready`, returns when it listens, and raises if it ends before."""
        environment = dict(os.environ, NOTIFY_SOCKET=str(self._open_notify_socket()))
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, env=environment)
        self._reader = threading.Thread(target=self._read_log, args=(self._process.stderr,), daemon=True)
        self._reader.start()
        if ready:
            wait.until(lambda: listening(self.milter_socket) or not self.alive, "the daemon to listen")
            if not self.alive:
                raise AssertionError(f"the daemon ended with status {self.await_end()} instead of listening")
        return self

    @property
    def pid(self):
        return self._process.pid

    @property
    def alive(self):
        return self._process is not None and self._process.poll() is None

    def signal(self, number):
        """Sends it; after SIGSTOP returns when no thread runs any more."""
        self._process.send_signal(number)
        if number == signal.SIGSTOP:
            wait.until(self._is_stopped, "all threads of the daemon to stop")

    def _is_stopped(self):
        states = []
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                states.append((task / "stat").read_text().rpartition(")")[2].split()[0])
            except FileNotFoundError:
                pass  # a thread that has ended
        return set(states) <= {"T"}

    def await_end(self, patience=wait.PATIENCE):
        """Waits for its end and returns its exit status, when all that it logged has been read."""
        try:
            status = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            raise wait.TimedOut(f"the daemon did not end within {patience:g} s") from None
        self._reader.join(wait.PATIENCE)
        return status

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.await_end()

    def kill(self):
        """SIGKILL, as a crash would end it."""
        self.signal(signal.SIGKILL)
        return self.await_end()

    def reload(self):
        """SIGHUP; returns when the reload has been reported: the line that did, and whether it succeeded."""
        before = self.mark()
        self.signal(signal.SIGHUP)
        line = self.await_line(r'^reloaded |^reload failed |"event": "reload', before)
        return line, "reload failed" not in line

    # What it says

    def mark(self):
        """A place in its log: the lines from here on."""
        with self._changed:
            return len(self.lines)

    def since(self, mark=0):
        with self._changed:
            return self.lines[mark:]

    def await_line(self, pattern, mark=0, patience=wait.PATIENCE):
        """Waits for a logged line, at or after mark, in which the expression is found; returns it."""
        expression = re.compile(pattern)

        def find():
            return next((line for line in self.lines[mark:] if expression.search(line)), None)

        with self._changed:
            if not self._changed.wait_for(find, patience):
                raise wait.TimedOut(f"waited {patience:g} s in vain for a log line with /{pattern}/")
            return find()

    def await_notification(self, text, mark=0, patience=wait.PATIENCE):
        """Waits until systemd has been told `text` (such as READY=1), at or after the mark-th thing it was told."""
        with self._changed:
            if not self._changed.wait_for(lambda: text in self.notifications[mark:], patience):
                raise wait.TimedOut(f"waited {patience:g} s in vain for {text}; came: {self.notifications[mark:]}")

    # What the kernel says

    def status(self, field):
        """A line of /proc/PID/status, as a list of words: status("Uid") -> ["65534", ...]."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return value.split()
        raise KeyError(field)

    @property
    def resident_kib(self):
        return int(self.status("VmRSS")[0])

    @property
    def reads(self):
        """How often it has read anything, by any thread: system calls."""
        return int(re.search(r"^syscr: (\d+)", Path(f"/proc/{self.pid}/io").read_text(), re.MULTILINE)[1])

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    # Threads of ours

    def _read_log(self, stream):
        for octets in stream:
            with self._changed:
                self.lines.append(octets.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._changed.notify_all()

    def _open_notify_socket(self):
        path = lab.DIRECTORY / "notify"
        path.unlink(missing_ok=True)
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.bind(str(path))
        path.chmod(0o777)  # the daemon has dropped its privileges by then
        threading.Thread(target=self._read_notifications, args=(receiver,), daemon=True).start()
        return path

    def _read_notifications(self, receiver):
        while True:
            text = receiver.recv(4096).decode()
            with self._changed:
                self.notifications.extend(text.splitlines())
                self._changed.notify_all()
