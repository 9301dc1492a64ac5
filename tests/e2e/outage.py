"""sallyport dies, hangs or drags at each stage of a session: nothing passes unjudged, and nothing is lost."""

import contextlib
import select
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from rules import one
from support import lab
from support.gate import LOCAL, RELAY
from support.postfix import Postfix
from support.sendmail import Sendmail
from support.suite import Suite

WAITS = 3  # seconds that the MTA waits for an answer: Sendmail counts whole ones, so that it may be two


class HurriedPostfix(Postfix):
    milter_timeout = WAITS


class HurriedSendmail(Sendmail):
    milter_timeout = WAITS


suite = Suite(__doc__, mtas=(HurriedPostfix, HurriedSendmail))

# The MTA relays for anybody: only these rules keep the outsider from it.
RULES = one(f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; }};')
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

# What a client does, step by step. A fault strikes before one of them, or while its answer is due.
STEPS = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "text", "dot")
UP_TO_RCPT = STEPS[:4]
ASKED = {"connect", "MAIL", "RCPT", "DATA"}  # here the MTA waits for sallyport; after DATA the message is judged

# For the stage at which sallyport is lost: the step whose answer is to try again. What was judged by then, goes.
GONE = {"connect": "MAIL", "EHLO": "MAIL", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", "text": None, "dot": None}
UNHARMED = dict.fromkeys(STEPS)
PUT_OFF = {"postfix": "451 4.7.1 Service unavailable - try again later",
           "sendmail": "451 4.3.2 Please try again later"}


class Client:
    """One session, which goes from step to step as long as it is told to go on."""

    def __init__(self, gate, address, recipient, sender):
        self.gate = gate
        self.address = address
        self.recipient = recipient
        self.sender = sender
        self.session = None
        self.done = 0

    def advance(self, stage):
        """Takes all steps before that one, which must be granted."""
        while STEPS[self.done] != stage:
            reply = self.step()
            assert reply is None or reply.code < 400, f"{self.sender}: {reply}"
        return self

    def finish(self):
        """Takes the steps that are left, or those up to a refusal; returns the last one taken and its reply."""
        while True:
            name = STEPS[self.done]
            reply = self.step()
            if name == "dot" or reply is not None and reply.code >= 400:
                return name, reply

    def step(self):
        self.send()
        return self.receive()

    def send(self):
        """Takes the next step as far as the client's part goes."""
        lines = {"EHLO": "EHLO client.example", "MAIL": f"MAIL FROM:<{self.sender}>",
                 "RCPT": f"RCPT TO:<{self.recipient}>", "DATA": "DATA", "text": "Subject: a test\r\n\r\nA test.",
                 "dot": "."}
        name = STEPS[self.done]
        if name == "connect":
            self.session = self.gate.connect(self.address, greeted=False)
        else:
            self.session.send(lines[name])

    def receive(self):
        """The reply to the step; nothing is due to the text."""
        name = STEPS[self.done]
        self.done += 1
        return None if name == "text" else self.session.reply()

    def insist(self):
        """Whatever came before: says all that might still lead to the relay recipient."""
        for line in (f"RCPT TO:<{RELAY}>", "DATA", "RSET", f"MAIL FROM:<{self.sender}>", f"RCPT TO:<{RELAY}>", "DATA",
                     "EHLO again.example", f"MAIL FROM:<{self.sender}>", f"RCPT TO:<{RELAY}>", "DATA"):
            reply = self.session.command(line)
            if line.startswith(("RCPT", "DATA")):
                assert reply.code >= 400, f"{self.sender}: {line}: {reply}"


class Crowd:
    """For each stage one session of somebody who may relay and one of an outsider, who have come as far as that."""

    def __init__(self, gate):
        self.gate = gate
        self.insiders = {stage: Client(gate, lab.LAN, RELAY, f"inside-{stage}@example.org").advance(stage)
                         for stage in STEPS}
        self.outsiders = {stage: Client(gate, lab.INTERNET, RELAY if stage in UP_TO_RCPT else LOCAL,
                                        f"outside-{stage}@example.org").advance(stage) for stage in STEPS}
        self.told = {}

    def send(self):
        """All take their next step; returns when each has."""
        for client in self.clients:
            client.send()

    def finish(self, sent=False):
        """All go on at the same time, from the answer to a step that was sent already, or else from the next."""
        def go(client):
            if sent:
                name = STEPS[client.done]
                reply = client.receive()
                if name == "dot" or reply is not None and reply.code >= 400:
                    return name, reply
            return client.finish()

        with ThreadPoolExecutor(len(self.clients)) as together:
            self.told = dict(zip(self.clients, together.map(go, self.clients)))

    def unanswered(self):
        """The stages at which nobody has been answered."""
        return {stage for stage in STEPS
                if not select.select([self.insiders[stage].session.socket, self.outsiders[stage].session.socket],
                                     [], [], 0)[0]}

    @property
    def clients(self):
        return [*self.insiders.values(), *self.outsiders.values()]

    def were_told(self, expected):
        """expected: for each stage at which the fault struck, the step that was put off, or None: then it made no
        difference. Outsiders get no further than that, and whatever they try then leads nowhere."""
        for stage, step in expected.items():
            for client in (self.insiders[stage], self.outsiders[stage]):
                name, reply = self.told[client]
                if step is not None:
                    told = (step, PUT_OFF[self.gate.mta.name])
                    assert (name, reply.words) == told, f"{client.sender}: {name}: {reply}"
                elif client.recipient == RELAY and client is self.outsiders[stage]:
                    assert (name, reply.words) == ("RCPT", UNABLE), f"{client.sender}: {name}: {reply}"
                else:
                    assert (name, reply.code) == ("dot", 250), f"{client.sender}: {name}: {reply}"
        for client in self.outsiders.values():
            client.insist()
        for client in self.clients:
            client.session.close()
        taken = sorted((client.sender, [client.recipient]) for client, (name, reply) in self.told.items()
                       if reply.code == 250)
        assert self.gate.delivered() == taken, (self.gate.delivered(), taken)


def as_before(gate):
    """A new session is judged and relayed as if nothing had happened."""
    gate.sink.forget()
    gate.play(lab.LAN, sender="later@example.org", recipients=[RELAY], deliver=True).accepted()
    gate.play(lab.INTERNET, recipients=[RELAY]).refused("rcpt", UNABLE)
    assert gate.delivered() == [("later@example.org", [RELAY])], gate.delivered()


@contextlib.contextmanager
def dragging(daemon, stopped=0.15, going=0.01):
    """While it lasts, the daemon stands still most of the time."""
    over = threading.Event()

    def drag():
        while not over.is_set():
            daemon.signal(signal.SIGSTOP)
            time.sleep(stopped)
            daemon.signal(signal.SIGCONT)
            time.sleep(going)

    thread = threading.Thread(target=drag, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def outage(title):
    """A case: all sessions have come to their stage, and then the fault strikes."""
    def register(function):
        @suite.case(title)
        def _(gate):
            gate.rules(RULES)
            function(gate, Crowd(gate))
            as_before(gate)
        return function
    return register


@outage("no fault: those who may relay do, outsiders do not")
def _(_gate, crowd):
    crowd.finish()
    crowd.were_told(UNHARMED)


@outage("killed between two steps: the client is told to try again, or the message had been judged")
def _(gate, crowd):
    gate.daemon.kill()
    crowd.finish()
    crowd.were_told(GONE)
    gate.start_daemon()


@outage("killed while an answer is due: the same")
def _(gate, crowd):
    gate.daemon.signal(signal.SIGSTOP)
    crowd.send()
    time.sleep(0.3)
    assert crowd.unanswered() >= ASKED, crowd.unanswered()
    gate.daemon.kill()
    crowd.finish(sent=True)
    crowd.were_told(GONE)
    gate.start_daemon()


@outage("started again in mid session: that session is put off to its end, one that begins then is not")
def _(gate, crowd):
    gate.daemon.kill()
    gate.start_daemon()
    crowd.finish()
    crowd.were_told(GONE | {"connect": None})


@outage("stopped by SIGTERM in mid session: the same as killed")
def _(gate, crowd):
    gate.daemon.stop()
    crowd.finish()
    crowd.were_told(GONE)
    gate.start_daemon()


@outage("hung for longer than the MTA waits: the client is told to try again when it has waited")
def _(gate, crowd):
    gate.daemon.signal(signal.SIGSTOP)
    began = time.monotonic()
    crowd.finish()
    took = time.monotonic() - began
    assert WAITS - 1 < took < 3 * WAITS, f"{took:.1f} s"
    crowd.were_told(GONE)
    gate.daemon.signal(signal.SIGCONT)


@outage("hung for less than the MTA waits: only later")
def _(gate, crowd):
    gate.daemon.signal(signal.SIGSTOP)
    crowd.send()
    time.sleep(0.5)
    assert crowd.unanswered() >= ASKED, crowd.unanswered()
    gate.daemon.signal(signal.SIGCONT)
    crowd.finish(sent=True)
    crowd.were_told(UNHARMED)


@outage("slow at every step: only later")
def _(gate, crowd):
    with dragging(gate.daemon):
        crowd.finish()
    crowd.were_told(UNHARMED)
