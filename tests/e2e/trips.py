"""What crosses the milter socket: no event that the rules do not need, no wait for an answer that can only be "go on".

A tap between MTA and daemon counts the packets. The letters are the protocol's (see support/milter_client.py).
"""

import contextlib

from rules import HOLDS, OPEN, listener, one, refuse, rule_file
from support import lab
from support.credentials import password
from support.gate import EXAMPLES, LOCAL, RELAY, SENDER, accepted, refused
from support.milter_client import NOT_ANSWERED, NOT_SENT, Conversation
from support.mta import BY_TCP, OURS
from support.suite import Suite
from support.tap import Tap

suite = Suite(__doc__)

# The rules of each case: nothing but a relay list; a refusal at each stage in turn; all blocks.
RULES = {
    "no rule": one(),
    "a relay list": one('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; };'),
    "connect": one(OPEN, refuse("connect", 'client = [ "192.0.2.1" ];')),
    "helo": one(OPEN, refuse("helo", 'helo = [ "liar.example" ];')),
    "mail": one(OPEN, refuse("mail", 'sender = [ "liar@" ];')),
    "rcpt": one(OPEN, refuse("rcpt", 'recipient = [ "nobody@" ];')),
    "data": one(OPEN, refuse("data", "recipients_over = 2;")),
    "all blocks": one('connection = { mode = "all-except"; clients = [ "192.0.2.1" ]; };',
                      'auth = { mode = "optional"; };', 'relay = { mode = "only"; authenticated = true; };'),
}


@contextlib.contextmanager
def tapped(gate):
    """A tap where an MTA's listener looks for its milter: sessions at BY_TCP.port go through it."""
    port, _, address = BY_TCP.milter.removeprefix("inet:").partition("@")
    with Tap((address, int(port)), gate.socket.removeprefix("unix:")) as tap:
        yield tap


def crossing(tap):
    """What crossed in the one session since the last time."""
    (connection,) = tap.connections()
    return connection


def negotiated(gate, **offer):
    with Conversation(gate.socket.removeprefix("unix:")) as mta:
        return mta.negotiate(**offer)[2]


@suite.case("a whole message: MAIL, each recipient and DATA are waited for; neither headers, body nor end cross")
def _(gate):
    with tapped(gate) as tap:
        for name, text in RULES.items():
            gate.rules(text)
            for recipients in (1, 3 if name != "data" else 2):
                gate.play(port=BY_TCP.port, recipients=[LOCAL] * recipients, deliver=True).accepted()
                seen = crossing(tap)
                assert seen.said == "OCHM" + "R" * recipients + "T", (name, seen.said)
                assert "".join(seen.answers) == "Oc" + "c" * recipients + "a", (name, seen.answers)
                assert seen.turns == 3 + recipients, (name, seen.turns)


@suite.case("what is sent for each rule file shipped")
def _(gate):
    with tapped(gate) as tap:
        for path in sorted(EXAMPLES.glob("*.conf")):
            gate.example(path.name)
            gate.play("172.16.1.51", port=BY_TCP.port, sender="<>", deliver=True)
            seen = crossing(tap)
            assert seen.said in ("OCHM", "OCHMR", "OCHMRT"), (path.name, seen.said)
            assert len(seen.answers) == len(seen.said) - 2, (path.name, seen.answers)


@suite.case("a refusal of each stage comes to the client, with the answer that it waits for")
def _(gate):
    plays = (("connect", 'client = [ "0.0.0.0/0" ];', "mail", "OCHM", "Oy"),
             ("helo", 'helo = [ "client.example" ];', "mail", "OCHM", "Oy"),
             ("mail", f'sender = [ "{SENDER}" ];', "mail", "OCHM", "Oy"),
             ("rcpt", f'recipient = [ "{LOCAL}" ];', "rcpt", "OCHMR", "Ocy"),
             ("data", "recipients_over = 0;", "data", "OCHMRT", "Occy"))
    with tapped(gate) as tap:
        for stage, conditions, at, said, answers in plays:
            gate.rules(one(OPEN, refuse(stage, conditions)))
            gate.play(port=BY_TCP.port, deliver=True).refused(at, HOLDS)
            seen = crossing(tap)
            assert (seen.said, "".join(seen.answers)) == (said, answers), (stage, seen.said, seen.answers)


@suite.case("a rule for DATA at one listener is asked for at another: the listener is not known before")
def _(gate):
    gate.rules(rule_file(listener(OPEN, match=f"port = [ {BY_TCP.port} ];"),
                         listener(refuse("data", "recipients_over = 0;"), name="rest")))
    with tapped(gate) as tap:
        gate.play(port=BY_TCP.port, deliver=True).accepted()
        assert crossing(tap).said == "OCHMRT"
    gate.play(deliver=True).refused("data", HOLDS)


@suite.case("with a decision log the end of a message crosses, and DATA only where a rule could refuse it")
def _(gate):
    log = f'decisions = "{gate.directory}/trips.log";'
    with tapped(gate) as tap:
        for text, said, turns in ((one(OPEN), "OCHMRE", 4),
                                  (one(OPEN, refuse("data", "recipients_over = 5;")), "OCHMRTE", 5),
                                  (one(OPEN, refuse("connect", 'client = [ "192.0.2.1" ];')), "OCHMRE", 5),
                                  (one(OPEN, refuse("helo", 'helo = [ "liar.example" ];')), "OCHMRE", 5)):
            gate.rules(text, extra=log)
            gate.play(port=BY_TCP.port, deliver=True).accepted()
            seen = crossing(tap)
            assert (seen.said, seen.turns) == (said, turns), (said, seen.said, seen.turns)
    gate.rules(one(OPEN))


@suite.case("several messages, refused recipients and RSET: each message ends at its own DATA, and begins anew")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    with tapped(gate) as tap:
        with gate.connect(port=BY_TCP.port) as session:
            session.ehlo()
            for recipients, code in ((2, 550), (1, 250), (1, 250)):
                accepted(session.mail(SENDER))
                for number in range(recipients):
                    accepted(session.rcpt(f"user{number}@{OURS}"))
                refused(session.rcpt(RELAY), f"550 5.7.1 Unable to relay for {RELAY}")
                assert session.data().code == code
                accepted(session.rset())
            accepted(session.mail(SENDER))
            accepted(session.rset())
            session.quit()
        seen = crossing(tap)
        assert seen.said == "OCHMRRRT" + "MRRT" * 2 + "M", seen.said
    assert len(gate.delivered()) == 2


@suite.case("after STARTTLS and a login the second HELO is told, and both count at MAIL")
def _(gate):
    gate.rules(one('auth = { mode = "required"; tls = true; };', refuse("mail", 'helo = [ "liar.example" ];')))
    for name, words in (("liar.example", HOLDS), ("client.example", None)):
        with gate.connect(port=587) as session:
            session.ehlo("other.example")
            accepted(session.starttls())
            session.ehlo(name)
            accepted(session.auth("PLAIN", "alice", password("alice")))
            if words:
                refused(session.mail(SENDER), words)
            else:
                accepted(session.mail(SENDER))


@suite.case("each MTA is asked for the macros that are read, and sends them where they have a value")
def _(gate):
    gate.rules(one(OPEN))
    with tapped(gate) as tap:
        gate.play("172.16.1.51", port=BY_TCP.port, deliver=True).accepted()
        seen = crossing(tap)
        assert {"{daemon_name}", "{daemon_port}", "{client_resolve}"} <= seen.macros["C"], seen.macros
        assert "{mail_addr}" in seen.macros["M"] and "{rcpt_addr}" in seen.macros["R"], seen.macros


@suite.case("what is agreed upon goes by what is offered: what cannot be left out is taken")
def _(gate):
    gate.rules(one(OPEN))
    never = sum(NOT_SENT[letter] for letter in "LNBU")
    silent = NOT_ANSWERED["C"] | NOT_ANSWERED["H"]
    assert negotiated(gate) == never | silent
    assert negotiated(gate, steps=never) == never
    assert negotiated(gate, steps=NOT_SENT["B"]) == NOT_SENT["B"]
    assert negotiated(gate, steps=NOT_SENT["B"] | NOT_ANSWERED["H"]) == NOT_SENT["B"] | NOT_ANSWERED["H"]
    assert negotiated(gate, version=2, steps=0x7F) == sum(NOT_SENT[letter] for letter in "LNB")


@suite.case("a reload changes what the next session is asked, and nothing for one that is under way")
def _(gate):
    gate.rules(one(OPEN))
    with tapped(gate) as tap:
        with gate.connect(port=BY_TCP.port) as session:
            session.ehlo()
            accepted(session.mail(SENDER))
            gate.rules(one(OPEN, refuse("data", "recipients_over = 0;")))
            accepted(session.rcpt(LOCAL))
            accepted(session.data())
            session.quit()
        assert crossing(tap).said == "OCHMRT"
        gate.play(port=BY_TCP.port, deliver=True).refused("data", HOLDS)


@suite.case("an MTA that offers nothing gets an answer to each event", needs={"protocol"})
def _(gate):
    gate.rules(one(OPEN))
    for version, steps in ((6, 0), (4, 0x7F), (2, 0x7F)):
        with Conversation(gate.socket.removeprefix("unix:")) as mta:
            mta.negotiate(version=version, steps=steps)
            assert mta.awaits("C") and mta.awaits("H")
            assert mta.connect("client.example", lab.INTERNET) == "c"
            assert mta.command("H", "client.example") == "c"
            assert mta.command("M", f"<{SENDER}>") == "c"
