#!/usr/bin/python3
"""Does the load generator say what a real Postfix says, packet by packet, whatever was negotiated?

    as_postfix.py --generator PATH

A milter of the test's own listens to one session of each and writes down what comes between two of its answers: the
steps, and the names of the macros before them. Reported as TAP.
"""

import argparse
import socket
import struct
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filters  # noqa: E402
import measure  # noqa: E402
import postfix  # noqa: E402
from support import lab, smtp, wait  # noqa: E402

# Of <libmilter/mfdef.h>: the bit that has a step's answer left out.
NO_ANSWER = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "L": 0x80, "N": 0x40000, "B": 0x80000,
             "E": 0}
SET_LISTS = 0x100

# As many as the generator sends, so that Postfix has none to add.
HEADERS = ("Received", "Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type")

NEGOTIATIONS = (
    ("every step is told and answered", 0, {}),
    ("no headers, no body", 0x70, {}),
    ("no answers before RCPT", 0x7000, {}),
    ("no answers at all before the end", sum(NO_ANSWER.values()), {}),
    ("no DATA, no message, no answers to RCPT", 0x270 | 0x8000, {}),
    ("neither HELO nor MAIL is told", 0x6, {}),
    ("lists of macros", 0x70, {0: "j {daemon_port} {client_addr} {if_addr}", 2: "{mail_addr} {auth_authen}",
                               3: "{rcpt_addr} i j", 4: ""}),
    ("lists of macros, and no answers", 0xf070, {1: "j {tls_version}", 3: "{rcpt_mailer} {no_such_macro}"}),
)


class Listener:
    """A milter that lets everything through and remembers it."""

    def __init__(self, path):
        self.steps = 0
        self.lists = {}
        self.sessions = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        path.chmod(0o777)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self._socket.accept()
            try:
                with connection, connection.makefile("rb") as stream:
                    heard = self._hear(connection, stream)
            except OSError:
                continue  # the generator begins another session before it sees that it has enough
            if "Q" in heard[-1]:
                self.sessions.append(heard)

    def _hear(self, connection, stream):
        """What one session said: between two answers a list."""
        heard, said = [], []
        while head := stream.read(4):
            packet = stream.read(struct.unpack("!I", head)[0])
            letter, octets = packet[:1].decode(), packet[1:]
            said.append(letter if letter != "D" else "D" + " ".join([octets[:1].decode(), *sorted(_names(octets[1:]))]))
            if letter == "O":
                lists = b"".join(struct.pack("!I", place) + text.encode() + b"\0" for place, text in self.lists.items())
                options = struct.pack("!III", 6, SET_LISTS if self.lists else 0, self.steps)
                connection.sendall(struct.pack("!I", 1 + len(options + lists)) + b"O" + options + lists)
            elif letter in NO_ANSWER and not self.steps & NO_ANSWER[letter]:
                connection.sendall(struct.pack("!I", 1) + b"c")
            else:
                continue
            heard.append(said)
            said = []
        return [*heard, said]


def _names(octets):
    return [word.decode() for word in octets.split(b"\0")[0:-1:2]]


def by_postfix(until):
    with smtp.Session(postfix.EMPTY, 25, "127.0.0.1") as client:
        client.command("EHLO client.example.org")
        client.command("MAIL FROM:<somebody@example.org> SIZE=3600")
        client.command("RCPT TO:<info@example.net>")
        if until == "message":
            client.command("DATA")
            client.command("\r\n".join([*(f"{name}: x" for name in HEADERS), "", "A line.", "."]))
        client.command("QUIT")


def by_generator(generator, until):
    filters.generate(generator, "--socket", f"unix:{postfix.MILTERS}/empty", "--sessions", 1, "--warm-up", 0,
                     "--connections", 1, "--until", until, "--client", "127.0.0.1", "--client-name", "localhost",
                     "--recipient", "info@example.net")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", required=True, type=measure.program)
    arguments = parser.parse_args()
    try:
        lab.enter()
    except lab.Unavailable as reason:
        print(f"1..0 # SKIP {reason}")
        return
    mta = postfix.start()
    listener = Listener(postfix.MILTERS / "empty")
    cases = [(title, steps, lists, until) for title, steps, lists in NEGOTIATIONS for until in ("rcpt", "message")]
    print("TAP version 13")
    failures = 0
    for number, (title, listener.steps, listener.lists, until) in enumerate(cases, 1):
        listener.sessions.clear()
        by_postfix(until)
        wait.until(lambda: len(listener.sessions) == 1, "Postfix to end its session")
        by_generator(arguments.generator, until)
        wait.until(lambda: len(listener.sessions) == 2, "the generator to end its session")
        same = listener.sessions[0] == listener.sessions[1]
        failures += not same
        print(f"{'ok' if same else 'not ok'} {number} - {title}, until {until}")
        if not same:
            for who, said in zip(("Postfix", "generator"), listener.sessions, strict=True):
                print(f"# {who}: {said}", file=sys.stderr)
    print(f"1..{len(cases)}")
    mta.stop()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
