"""What a suite may ask of an MTA, whichever it is.

Cases are about the rules, not about the MTA: they name listeners by what they are for, and reach Postfix, and what
comes after it, only through this class.
"""

import abc
import contextlib
import os
import signal
from dataclasses import dataclass

from support import lab

# The virtual servers of a mail gateway, and a front where a proxy may speak for its clients.
OURS = "example.net"
VIRTUAL = "virtual.example"  # ours, too, and everybody in it is an alias


@dataclass(frozen=True)
class Listener:
    """One port of the MTA, on each of the server's addresses; `name` is what it tells the milter as its own name."""

    port: int
    name: str
    tls: bool = True              # offers STARTTLS
    login: bool = False           # offers AUTH, where encrypted
    login_in_clear: bool = False  # offers AUTH before STARTTLS too, and ANONYMOUS
    proxied: bool = False         # takes XCLIENT from anybody (where the MTA has it)
    bound: bool = False           # has a socket for each address, not one for all
    milter: str = ""              # another milter than the MTA's, written as in a rule file
    upstream: bool = False        # a proxy announces each client, in a line before all others
    screened: bool = False        # another process takes the client first, and hands it over
    protocol: str = ""            # speaks this version of the milter protocol, not its best
    reserved: bool = False        # is told to send no macros by itself
    networks: str = ""            # relays for these and asks no milter, written as in its configuration


INBOUND = Listener(25, "smtp")
SUBMISSION = Listener(587, "submission", login=True)
REMOTE = Listener(60025, "remote", login=True, bound=True)
CLEAR = Listener(2525, "clear", login=True, login_in_clear=True)
FRONT = Listener(2526, "front", proxied=True)
BY_TCP = Listener(2527, "by-tcp", milter="inet:8894@127.0.0.1")
BY_TCP6 = Listener(2528, "by-tcp6", milter="inet6:8894@[::1]")
UPSTREAM = Listener(2529, "upstream", upstream=True)
SCREENED = Listener(2530, "screened", screened=True)
SCREENED_UPSTREAM = Listener(2531, "screened-upstream", upstream=True, screened=True)
RESERVED = Listener(2532, "reserved", login=True, login_in_clear=True, reserved=True)
OLD = tuple(Listener(2540 + version, f"old-{version}", protocol=str(version)) for version in (2, 3, 4))

STANDARD = (INBOUND, SUBMISSION, REMOTE, CLEAR, FRONT, BY_TCP, BY_TCP6, UPSTREAM, SCREENED, SCREENED_UPSTREAM, RESERVED,
            *OLD)


# What an MTA may have, in the words that a case may name in `needs`, and what is meant.
CAPABILITIES = {
    "xclient": "a command by which a front speaks for its clients",
    "bdat": "a command BDAT",
    "smtputf8": "addresses in UTF-8",
    "local": "mail that programs on the machine submit, shown to a milter",
    "origin": "a domain that it adds to addresses without one",
    "relogin": "logins that STARTTLS makes it forget, as RFC 3207 wants it",
    "upstream": "proxies that announce a client in a line of their own",
    "screened": "a process that takes its clients first",
    "protocol": "a choice of milter protocols",
    "inetd": "a way to serve a client whom another program has let in",
    "reserved": "a way to send no macros by itself",
    "networks": "a list of networks for each listener",
}


class Mta(abc.ABC):
    """A private MTA with sallyport attached, which sends all that it accepts to the sink.

    It relays for anybody: what is refused, the milter refused, or the MTA could not read.
    """

    name = None
    capabilities = frozenset()  # of CAPABILITIES
    resolves_aliases = False  # does it tell at RCPT to which address an alias leads?
    milter = None  # where it expects the daemon; None: at the suite's own socket
    listeners = STANDARD
    milter_timeout = 10  # seconds that it waits for the milter's answer

    def __init__(self, milter_socket, sink, listeners=None, directory=lab.DIRECTORY, unguarded=None):
        """`unguarded` are settings, in the MTA's own words, that say for whom it relays: then it has no milter."""
        self.milter_socket = milter_socket  # as a rule file writes it: "unix:/path", "inet:PORT@ADDRESS"
        self.unguarded = unguarded
        self.sink = sink
        self.served = [listener for listener in listeners or self.listeners if _needs(listener) <= self.capabilities]
        self.directory = directory / self.name

    @classmethod
    def prepare(cls):
        """What it needs of the machine outside, before the lab is entered."""

    @abc.abstractmethod
    def start(self):
        """Returns when every listener listens."""

    @abc.abstractmethod
    def stop(self):
        """Returns when it has ended."""

    @property
    @abc.abstractmethod
    def pid(self):
        """The process that takes connections, or has others take them."""

    @contextlib.contextmanager
    def paused(self):
        """It takes no new connections meanwhile: they wait."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    @abc.abstractmethod
    def submit(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        """Submits a message as a program on the machine would. Raises where the submission itself fails."""

    @abc.abstractmethod
    def submit_by_smtp(self, sender, recipients, body="Subject: a test\n\nA test.\n"):
        """The same, as a program would that speaks SMTP to `sendmail -bs`."""

    @abc.abstractmethod
    def await_idle(self):
        """Waits until nothing is on its way any more: all that was accepted is with the sink."""

    @abc.abstractmethod
    def discard_queue(self):
        """Throws away what waits to be tried again."""

    @property
    @abc.abstractmethod
    def log(self):
        """The lines that it has logged so far."""

    @abc.abstractmethod
    def login(self, user):
        """What it tells a milter of the login `user`, typed without a realm."""

    def bare(self, words):
        """A reply's words without what the MTA puts before a milter's (Sendmail: the address)."""
        return words

    def refuses_itself(self, reply):
        """Is that a refusal of the MTA's own, of an address that it cannot read and shows to no milter?"""
        return False

    def delivered_to(self, recipient):
        """The address that a recipient at the sink stands for, where the MTA's local mailer leaves out the domain."""
        return recipient


def _needs(listener):
    """The capabilities without which an MTA does not serve a listener at all."""
    return {name for name in ("upstream", "screened", "protocol", "reserved", "networks") if getattr(listener, name)}
