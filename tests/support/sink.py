"""The next hop: takes every message that the MTA sends on, and remembers it.

That a recipient was accepted is one thing, that the message went there another: only who stands where the mail arrives
can say what was relayed.
"""

import socket
import socketserver
import threading
from dataclasses import dataclass, field

from support import wait


@dataclass
class Message:
    """One message as it was delivered."""

    sender: str
    recipients: list = field(default_factory=list)
    body: str = ""


class Sink:
    """Listens from construction until the process ends."""

    def __init__(self, address="127.0.0.1", port=2026):
        self.address = address
        self.port = port
        self._messages = []
        self._changed = threading.Condition()
        self.on_message = None  # called with each message, by whoever shows them live
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                sink._converse(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

        self._server = Server((address, port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def messages(self):
        with self._changed:
            return list(self._messages)

    def forget(self):
        """Forgets what came so far: a case begins."""
        with self._changed:
            self._messages.clear()

    def await_messages(self, count=1, patience=wait.PATIENCE):
        """Waits until at least `count` messages have come since forget(), and returns them all."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._messages) >= count, patience):
                raise wait.TimedOut(f"waited {patience:g} s in vain for {count} messages, {len(self._messages)} came")
            return list(self._messages)

    def _converse(self, stream):
        def say(text):
            stream.wfile.write(text.encode() + b"\r\n")

        say("220 sink.example ESMTP")
        message = None
        while True:
            line = stream.rfile.readline()
            if not line:
                return
            text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
            verb = text[:4].upper()
            if verb == "EHLO":
                say("250-sink.example")
                say("250-8BITMIME")
                say("250-SMTPUTF8")
                say("250 SIZE 0")
            elif verb == "MAIL":
                message = Message(_path(text))
                say("250 2.1.0 Ok")
            elif verb == "RCPT":
                message.recipients.append(_path(text))
                say("250 2.1.5 Ok")
            elif verb == "DATA":
                say("354 Go on")
                message.body = _body(stream)
                self._keep(message)
                say("250 2.0.0 Taken")
            elif verb == "QUIT":
                say("221 2.0.0 Bye")
                return
            else:
                say("250 2.0.0 Ok")

    def _keep(self, message):
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()
        if self.on_message is not None:
            self.on_message(message)


def _path(command):
    """What stands between the angle brackets of MAIL or RCPT."""
    return command[command.index("<") + 1:command.rindex(">")]


def _body(stream):
    lines = []
    while True:
        # Sendmail sends in pieces, each when the one before has been acknowledged; TCP would wait 40 ms with that.
        stream.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        line = stream.rfile.readline()
        if not line or line in (b".\r\n", b".\n"):
            return "".join(lines)
        text = line.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        lines.append(text[1:] if text.startswith("..") else text)
