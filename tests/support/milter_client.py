"""The MTA's end of the milter protocol, for what no real MTA says, or can be made to say.

    with Conversation(path) as mta:
        mta.negotiate()
        mta.macros("C", {"j": "mx.example", "{daemon_port}": "25"})
        mta.connect("client.example", "192.0.2.1")
        mta.command("M", "<someone@example.org>")   # -> "c", or "550 5.7.1 ..."

A packet is a length, a letter, and octets. Commands here are named by that letter, as libmilter's <libmilter/mfdef.h>
has them: C connect, H helo, M mail, R rcpt, T data, L header, N end of headers, B body, E end of message, A abort,
U unknown, Q quit, K quit but stay connected, D macros, O negotiate.
"""

import contextlib
import ipaddress
import socket
import struct

PATIENCE = 30.0  # seconds for one answer

VERSION = 6
ALL_ACTIONS = 0x1FF
ALL_STEPS = 0x1FFFFF
ASK_FOR_MACROS = 0x100  # SMFIF_SETSYMLIST, an action

# Answers that stand for themselves: continue, accept, reject, tempfail.
_ANSWERS = {"c", "a", "r", "t"}

# The steps that are not sent, and those that are sent without waiting for an answer, by the letter of the event.
NOT_SENT = {"C": 0x1, "H": 0x2, "M": 0x4, "R": 0x8, "B": 0x10, "L": 0x20, "N": 0x40, "U": 0x100, "T": 0x200}
NOT_ANSWERED = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "U": 0x20000, "N": 0x40000,
                "B": 0x80000, "L": 0x80}


class Gone(AssertionError):
    """The daemon closed the conversation where an answer was due."""


class Conversation:
    """One connection to a milter that listens at a socket file; nothing is said yet."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.asked = {}  # place -> the macros that the milter asked for there, as it wrote them
        self.steps = 0   # that were agreed upon
        self._piece = None

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Hangs up without a word."""
        self.socket.close()

    def negotiate(self, version=VERSION, actions=ALL_ACTIONS, steps=ALL_STEPS):
        """Returns (version, actions, steps) as the milter wants them."""
        self.send("O", struct.pack("!III", version, actions, steps))
        letter, octets = self._packet()
        assert letter == "O", (letter, octets)
        answer, rest = struct.unpack_from("!III", octets), octets[12:]
        while rest:
            (place,) = struct.unpack_from("!I", rest)
            names, _, rest = rest[4:].partition(b"\0")
            self.asked[place] = names.decode()
        self.steps = answer[2]
        return answer

    def awaits(self, letter):
        """Is an event of that letter answered?"""
        return not self.steps & NOT_ANSWERED.get(letter.upper(), 0)

    def macros(self, command, values):
        """The macros that go with the next event of that letter; none is a packet, too."""
        pairs = (_octets(text) + b"\0" for pair in values.items() for text in pair)
        self.send("D", command.encode() + b"".join(pairs))

    def connect(self, host, address=None, port=40000, family=None):
        """The connect event. Without an address the family is unknown; family overrides the letter that fits it."""
        if address is None:
            return self.command("C", _octets(host) + b"\0" + (family or "U").encode(), ends=b"")
        fitting = family or ("6" if ipaddress.ip_address(address).version == 6 else "4")
        octets = _octets(host) + b"\0" + fitting.encode() + struct.pack("!H", port) + address.encode()
        return self.command("C", octets)

    def command(self, letter, *arguments, ends=b"\0"):
        """An event with its arguments, each of which `ends`; returns the answer: "c", or a reply's words."""
        self.send(letter, b"".join(_octets(argument) + ends for argument in arguments))
        return self.answer(letter)

    def send(self, letter, octets=b""):
        """A packet without waiting for what is answered."""
        packet = struct.pack("!I", 1 + len(octets)) + letter.encode() + octets
        if self._piece is None:
            self.socket.sendall(packet)
        else:
            self._piece.append(packet)

    @contextlib.contextmanager
    def in_one_piece(self):
        """All packets that are sent meanwhile go at once at the end of it."""
        self._piece = []
        yield
        piece, self._piece = self._piece, None
        self.socket.sendall(b"".join(piece))

    def answer(self, event=""):
        """What the milter answers to an event: "c", "a", "r", "t", or the words of a reply, "%" as it was meant.

        An event whose answer was negotiated away is taken to be answered "c", as an MTA takes it.
        """
        if not self.awaits(event):
            return "c"
        letter, octets = self._packet()
        if letter == "y":
            return octets.rstrip(b"\0").decode("utf-8", "backslashreplace").replace("%%", "%")
        assert letter in _ANSWERS and not octets, (letter, octets)
        return letter

    def closed(self):
        """Waits for the milter to hang up, and asserts that it says nothing more."""
        try:
            assert self.socket.recv(1) == b""
        except ConnectionResetError:
            pass

    def _packet(self):
        (length,) = struct.unpack("!I", self._exactly(4))
        octets = self._exactly(length)
        return octets[:1].decode(), octets[1:]

    def _exactly(self, count):
        octets = b""
        while len(octets) < count:
            try:
                more = self.socket.recv(count - len(octets))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Gone("the milter hung up where an answer was due")
            octets += more
        return octets


def _octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")
