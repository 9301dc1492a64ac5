"""The gate as a case sees it: an MTA with sallyport attached, clients outside, the sink behind."""

import os
import shutil
import signal
from pathlib import Path

from support import credentials, lab
from support.daemon import Daemon
from support.mta import OURS
from support.resolver import Resolver
from support.sink import Sink
from support.smtp import Session

EXAMPLES = Path(__file__).resolve().parents[2] / "rules" / "examples"

SENDER = "someone@example.org"
LOCAL = f"info@{OURS}"
RELAY = "test@example.com"

_POINTERS = {lab.LAN: "pc51.lan.example", lab.ROUTER: "router.lan.example", lab.INTERNET: "mail.outside.example",
             lab.INTERNET6: "mail6.outside.example", lab.FORGED: "pc51.lan.example",
             lab.HALF_ANSWERED: "half.outside.example"}
_ADDRESSES = {"pc51.lan.example": [lab.LAN], "router.lan.example": [lab.ROUTER], "mail.outside.example": [lab.INTERNET],
              "mail6.outside.example": [lab.INTERNET6]}

# How a sanitizer's complaint begins; a daemon built with one must not make any.
_COMPLAINTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer")


class Gate:
    """One for a suite. The MTA lives as long as the suite; rules change with every case."""

    def __init__(self, executable, mta_class):
        self.executable = os.path.abspath(executable)
        self.directory = lab.DIRECTORY / "gate"  # rule files; the daemon's user makes its socket here
        self.directory.mkdir()
        shutil.chown(self.directory, "nobody", "postfix")
        self.socket = mta_class.milter or f"unix:{self.directory}/milter.sock"
        self.rule_file = self.directory / "test.conf"
        self.resolver = Resolver(_POINTERS, _ADDRESSES, [lab.UNANSWERED, "half.outside.example"])
        self.sink = Sink()
        self.mta = mta_class(self.socket, self.sink)
        self.daemon = None
        self.transcripts = []
        self._settings = None
        self._marks = (0, 0)
        self._untouched = True  # no rules yet in this case
        self.mta.start()

    # Rules

    def rules(self, text, log="text", extra=""):
        """Puts these rules in force: by a reload where the daemon runs already, else by starting it.

        The daemon's own settings follow the text, so that the text's line numbers stay.
        """
        self.write_rules(text, log, extra)
        if self.daemon is not None and self.daemon.alive and self._settings == (log, extra):
            before = self.daemon.mark()
            line, succeeded = self.daemon.reload()
            if not succeeded:
                raise AssertionError(f"the rules were not taken: {line}")
            if self._untouched:  # what the case before was still to log has come by now
                self._marks = (self._marks[0], self.daemon.lines.index(line, before))
            self._untouched = False
            return
        if self.daemon is not None and self.daemon.alive:
            self.daemon.stop()
        self.start_daemon()
        self._settings = (log, extra)

    def example(self, name):
        """Puts a shipped rule file in force as it is; only the socket and the user are the lab's."""
        copy = self.directory / "examples"
        lab.copy_readable(EXAMPLES, copy)
        if self.daemon is not None and self.daemon.alive:
            self.daemon.stop()
        self._launch(copy / name, ["--socket", self.socket, "--user", "nobody", "--group", "postfix"])

    def write_rules(self, text, log="text", extra="", name=None):
        """Writes a whole rule file, by renaming, and returns its path."""
        path = self.directory / (name or self.rule_file.name)
        new = path.with_suffix(".new")
        new.write_text(f"{text}\n{self.settings(log)}{extra}\n")
        new.rename(path)
        return path

    def settings(self, log="text"):
        """The daemon's own settings, as every rule file of a suite has them."""
        return f'socket = "{self.socket}"; user = "nobody"; group = "postfix"; log = "{log}";'

    def start_daemon(self, ready=True, descriptors=None):
        """Starts a daemon on the rule file as it stands, which becomes the suite's daemon."""
        return self._launch(self.rule_file, ready=ready, descriptors=descriptors)

    def _launch(self, rules, options=(), ready=True, descriptors=None):
        self.daemon = Daemon(self.executable, rules, self.socket, options, descriptors)
        self._settings = None
        self._untouched = False
        self._marks = (self._marks[0], 0)
        return self.daemon.start(ready)

    # Clients

    def connect(self, client=lab.INTERNET, port=25, server=None, preface=b"", greeted=True):
        """A session from that address, greeting read; by default to the server's address of the same kind.

        `preface` are octets that go before the greeting, as a proxy sends them. Unless `greeted`, the greeting is the
        first reply() of the session.
        """
        if server is None:
            server = client if client in ("127.0.0.1", "::1") else lab.SERVER6 if ":" in client else lab.SERVER
        transcript = []
        self.transcripts.append(transcript)
        return Session(server, port, client, transcript, bare=self.mta.bare, preface=preface,
                       greeted=greeted)

    def play(self, client=lab.INTERNET, port=25, server=None, helo="client.example", bits=None, tls=False, login=None,
             mechanism="PLAIN", sender=SENDER, parameters=(), recipients=(LOCAL,), deliver=False):
        """A whole session up to its recipients (with `deliver`, to the message's end); returns its Outcome."""
        with self.connect(client, port, server) as session:
            if helo is not None:
                session.ehlo(helo)
            if tls or bits:
                _must(session.starttls(bits))
                session.ehlo(helo)
            if login:
                _must(session.auth(mechanism, login, credentials.password(login)))
            outcome = Outcome(self.mta, session.mail(sender, *parameters))
            if outcome.mail.code == 250:
                outcome.rcpt = [session.rcpt(recipient) for recipient in recipients]
                if deliver and any(reply.code == 250 for reply in outcome.rcpt):
                    outcome.data = session.data()
            session.quit()
        return outcome

    def delivered(self):
        """All messages that went through since the case began, as (sender, recipients), everything sorted."""
        self.mta.await_idle()
        return sorted((message.sender, sorted(map(self.mta.delivered_to, message.recipients)))
                      for message in self.sink.messages)

    @property
    def daemon_mark(self):
        """Where the daemon's log stood when the case's first rules came into force."""
        return self._marks[1]

    @property
    def sanitized(self):
        """Was the daemon built with a sanitizer, so that its memory says nothing?"""
        program = open(self.executable, "rb").read()
        return b"__asan_init" in program or b"__tsan_init" in program

    # What the suite's runner asks

    def begin_case(self):
        self.transcripts.clear()
        self.mta.await_idle()  # what the case before had accepted may be on its way to the sink
        self.sink.forget()
        self._marks = (len(self.mta.log), self.daemon.mark() if self.daemon else 0)
        self._untouched = True

    def clean_up(self):
        """After a case that failed: the next one shall not stumble over what it left."""
        if self.daemon is not None and self.daemon.alive:
            self.daemon.signal(signal.SIGCONT)
        self.mta.discard_queue()

    def check_daemon(self):
        """After each case: the daemon that it left running must be running, without a sanitizer's complaint."""
        if self.daemon is None:
            return
        if not self.daemon.alive:
            raise AssertionError(f"the daemon ended by itself, with status {self.daemon.await_end()}")
        for line in self.daemon.since(self._marks[1]):
            assert not any(complaint in line for complaint in _COMPLAINTS), line

    def evidence(self):
        """What a report of a failed case shows: (title, lines) of all that was said and logged since it began."""
        yield from ((f"session {number}", lines) for number, lines in enumerate(self.transcripts, 1))
        yield f"the log of {self.mta.name}", self.mta.log[self._marks[0]:]
        if self.daemon is not None:
            yield "the daemon's log", self.daemon.since(self._marks[1])


class Outcome:
    """What one session came to: the replies at MAIL, at each RCPT, and after DATA, as far as it went."""

    def __init__(self, mta, mail):
        self._mta = mta
        self.mail = mail
        self.rcpt = []
        self.data = None

    def accepted(self):
        """Asserts that every command was."""
        for reply in [self.mail, *self.rcpt] + ([self.data] if self.data else []):
            accepted(reply)
        return self

    def refused(self, stage, words, readable=True):
        """Asserts that the session was refused at "mail", "rcpt" (at its last recipient) or "data", in these words.

        Unless it is `readable`, the MTA may have refused the address itself.
        """
        reply = {"mail": self.mail, "rcpt": self.rcpt[-1] if self.rcpt else None, "data": self.data}[stage]
        assert reply is not None, f"no answer at {stage}: the session was refused before, {self.mail}"
        if readable or not self._mta.refuses_itself(reply):
            refused(reply, words)
        return self


def accepted(reply):
    """Asserts that a reply is 2xx, or 3xx to go on."""
    assert 200 <= reply.code < 400, f"expected to be accepted, was: {reply}"


def refused(reply, words):
    """Asserts that a reply is exactly these words, written as a rule file writes them."""
    assert reply.words == words, f"expected: {words!r}\n     was: {reply.words!r}"


def _must(reply):
    if not 200 <= reply.code < 400:
        raise RuntimeError(f"the lab's own step failed: {reply}")
