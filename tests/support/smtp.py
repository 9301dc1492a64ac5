"""An SMTP client that hides nothing.

smtplib says HELO where EHLO failed, raises where a refusal is what we came for, and forgets what the server said in
between. This one sends what it is told to, waits for each reply (Sendmail insists on that) and keeps every line of both
sides for the report of a case that fails.
"""

import base64
import hashlib
import hmac
import socket
import ssl

PATIENCE = 30.0  # seconds for one reply


class Closed(AssertionError):
    """The server hung up where a reply was due."""


class Reply:
    """One reply: its code, and its lines as they came. `bare` takes from its words what the MTA puts before them."""

    def __init__(self, lines, bare=str):
        self.lines = lines
        self.code = int(lines[0][:3])
        self._bare = bare

    @property
    def words(self):
        """As a rule file would write it: "550 5.7.1 first line\\nsecond line"."""
        first = self.lines[0][4:]
        enhanced = first.split(" ", 1)[0]
        marked = enhanced.count(".") == 2 and enhanced.replace(".", "").isdigit()
        rest = [line[4:].removeprefix(enhanced + " ") if marked else line[4:] for line in self.lines[1:]]
        return self._bare("\n".join([f"{self.code} {first}"] + rest))

    @property
    def keywords(self):
        """Of an EHLO reply: what is offered, {"AUTH": "PLAIN LOGIN", "STARTTLS": "", ...}."""
        pairs = (line[4:].partition(" ") for line in self.lines[1:])
        return {name.upper(): value for name, _, value in pairs}

    def __str__(self):
        return self.words


class Session:
    """One connection. `client` is the address to come from; `say` also takes each line as it is sent or received.

    `preface` are octets that go before the greeting, as a proxy sends them.
    """

    def __init__(self, server, port, client=None, transcript=None, say=None, bare=str, patience=PATIENCE, preface=b"",
                 greeted=True):
        self.transcript = [] if transcript is None else transcript
        self._bare = bare
        self._say = say
        self._buffer = b""
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(patience)
        if client is not None:
            self.socket.bind((client, 0))
        self.socket.connect((server, port))
        self._note("*", f"connected from {self.socket.getsockname()[0]} to {server} port {port}")
        if preface:
            self._note(">", repr(preface))
            self.socket.sendall(preface)
        self.greeting = self._reply() if greeted else None

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Hangs up without a word; harmless after quit()."""
        self.socket.close()

    # Any line, and the commands

    def command(self, line):
        """Sends one line (text, or bytes for what is not ASCII) and returns the reply."""
        self.send(line)
        return self._reply()

    def send(self, line):
        """Sends one line without waiting."""
        octets = line if isinstance(line, bytes) else line.encode("utf-8")
        self._note(">", octets.decode("utf-8", "backslashreplace"))
        self.socket.sendall(octets + b"\r\n")

    def reply(self):
        """The reply to a line that send() sent."""
        return self._reply()

    def ehlo(self, name="client.example"):
        return self.command(f"EHLO {name}")

    def helo(self, name="client.example"):
        return self.command(f"HELO {name}")

    def mail(self, sender, *parameters):
        return self.command(" ".join((f"MAIL FROM:<{sender}>",) + parameters))

    def rcpt(self, recipient, *parameters):
        return self.command(" ".join((f"RCPT TO:<{recipient}>",) + parameters))

    def data(self, body="Subject: a test\n\nA test.\n"):
        """DATA and, where it is accepted, the message; returns the last reply."""
        reply = self.command("DATA")
        return self.message(body) if reply.code == 354 else reply

    def message(self, body):
        """The message itself, after a 354."""
        lines = body.rstrip("\n").split("\n")
        for line in lines:
            self._note(">", line)
        stuffed = ("." + line if line.startswith(".") else line for line in lines)
        self._note(">", ".")
        self.socket.sendall("\r\n".join(stuffed).encode("utf-8") + b"\r\n.\r\n")
        return self._reply()

    def rset(self):
        return self.command("RSET")

    def quit(self):
        return self.command("QUIT")

    # Encryption and login

    def starttls(self, bits=None):
        """STARTTLS and, where it is accepted, the handshake; `bits` asks for a cipher of exactly that strength."""
        reply = self.command("STARTTLS")
        if reply.code != 220:
            return reply
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if bits is not None:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers({128: "ECDHE-RSA-AES128-GCM-SHA256", 256: "ECDHE-RSA-AES256-GCM-SHA384"}[bits])
        self.socket = context.wrap_socket(self.socket)
        name, version, strength = self.socket.cipher()
        self._note("*", f"encrypted: {version} {name}, {strength} bits")
        return reply

    def auth(self, mechanism, user, password):
        """Logs in by PLAIN, LOGIN, CRAM-MD5 or ANONYMOUS; returns the last reply."""
        exchange = {"PLAIN": self._plain, "LOGIN": self._login, "CRAM-MD5": self._cram, "ANONYMOUS": self._anonymous}
        return exchange[mechanism](user, password)

    def _plain(self, user, password):
        return self.command("AUTH PLAIN " + _base64(f"\0{user}\0{password}"))

    def _login(self, user, password):
        reply = self.command("AUTH LOGIN")
        for answer in (user, password):
            if reply.code != 334:
                return reply
            reply = self.command(_base64(answer))
        return reply

    def _cram(self, user, password):
        reply = self.command("AUTH CRAM-MD5")
        if reply.code != 334:
            return reply
        challenge = base64.b64decode(reply.lines[0][4:])
        digest = hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()
        return self.command(_base64(f"{user} {digest}"))

    def _anonymous(self, user, _password):
        return self.command("AUTH ANONYMOUS " + _base64(user))

    # The wire

    def _reply(self):
        lines = []
        while True:
            line = self._line()
            lines.append(line)
            self._note("<", line)
            if len(line) < 4 or line[3] != "-":
                return Reply(lines, self._bare)

    def _line(self):
        while b"\n" not in self._buffer:
            try:
                octets = self.socket.recv(65536)
            except ConnectionResetError:
                octets = b""
            except TimeoutError:
                self._note("*", "no reply in time")
                raise Closed("the server did not reply in time") from None
            if not octets:
                self._note("*", "the server hung up")
                raise Closed("the server hung up where a reply was due")
            self._buffer += octets
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.removesuffix(b"\r").decode("utf-8", "backslashreplace")

    def _note(self, mark, text):
        self.transcript.append(f"{mark} {text}")
        if self._say is not None:
            self._say(mark, text)


def _base64(text):
    return base64.b64encode(text.encode()).decode()
