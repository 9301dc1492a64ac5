"""A server that misbehaves: what a client on the internet may meet, and must survive."""

import contextlib
import socket
import ssl
import threading

from support import credentials, lab

HANG = object()  # says nothing more, and keeps the connection
DROP = object()  # hangs up
RESET = object()  # hangs up so that the client's system reports an error

GREETING = b"220 rogue.example ESMTP\r\n"
PLAIN_EHLO = b"250-rogue.example\r\n250 8BITMIME\r\n"
TLS_EHLO = b"250-rogue.example\r\n250 STARTTLS\r\n"


class Rogue:
    """Listens from construction until the process ends.

    answers: verb -> the bytes to answer with, or HANG or DROP; "greeting" is one, "TLS" what comes in place of the
    handshake, and "*" any other. An answer that is a function is called with the line and the connection's number, and
    one that yields bytes may go on for ever. What is not answered is accepted: all goes as far as 354 then.
    """

    def __init__(self, answers=(), address=lab.SERVER, port=2600):
        self.answers = {"greeting": GREETING, "EHLO": PLAIN_EHLO, "DATA": b"354 Go on\r\n", **dict(answers)}
        self.lines = []  # all that was said to it, over all connections
        self.connections = 0
        self._socket = socket.create_server((address, port), backlog=128)
        self._context = None
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def target(self):
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self):
        while True:
            try:
                connection, _client = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection, self.connections), daemon=True).start()

    def _talk(self, connection, number):
        with contextlib.suppress(OSError), connection:
            if not self._answer(connection, "greeting", "", number):
                return
            reader = connection.makefile("rb")
            while line := reader.readline():
                text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
                self.lines.append(text)
                verb = text.partition(" ")[0].upper()
                if not self._answer(connection, verb, text, number):
                    return
                if verb == "STARTTLS" and not self._answers_nothing("TLS"):
                    if not self._answer(connection, "TLS", text, number):
                        return
                elif verb == "STARTTLS":
                    connection = self._encrypt(connection)
                    reader = connection.makefile("rb")
                elif verb == "QUIT":
                    return

    def _answers_nothing(self, verb):
        return verb not in self.answers

    def _answer(self, connection, verb, text, number):
        """Returns whether the conversation goes on."""
        answer = self.answers.get(verb, self.answers.get("*", b"250 2.0.0 Ok\r\n"))
        if callable(answer):
            answer = answer(text, number)
        if answer is HANG:
            while connection.recv(4096):
                pass
            return False
        if answer is RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if answer in (DROP, RESET):
            return False
        for piece in [answer] if isinstance(answer, bytes) else answer:
            connection.sendall(piece)
        return True

    def _encrypt(self, connection):
        if self._context is None:
            directory = lab.DIRECTORY / "rogue"
            directory.mkdir(exist_ok=True)
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(credentials.make_certificate(directory))
        return self._context.wrap_socket(connection, server_side=True)
