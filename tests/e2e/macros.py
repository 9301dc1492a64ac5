"""What each MTA tells of a session, row by row of the table in milter/macros.c, as the daemon understands it."""

import json
import re
from pathlib import Path

from rules import HOLDS, OPEN, OURS, listener, one, refuse, rule_file
from support import lab, wait
from support.credentials import REALM, password
from support.gate import LOCAL, SENDER, accepted, refused
from support.mta import CLEAR, INBOUND, REMOTE, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

CANNOT = "450 4.7.1 Cannot look up your name, try again later"

# Every recipient is refused, so that the log tells of every session.
TALKATIVE = one(refuse("rcpt", 'recipient = [ "/^/" ];'))

# No listener takes a connection, so that the log tells what came.
NOBODY = rule_file(listener(match='daemon = [ "nobody" ]; port = [ 1 ];'))


def row(name, about, needs=()):
    """A case of the row TOLD_`name`."""
    return suite.case(f"{name}: {about}", needs)


def begin(gate, text):
    gate.rules(text, log="json")


def events(gate, kind):
    entries = [json.loads(line) for line in gate.daemon.since(gate.daemon_mark)]
    return [entry for entry in entries if entry["event"] == kind]


def heard(gate, kind, act, *arguments, **options):
    """What the log says, in an event of that kind, of what is done."""
    before = len(events(gate, kind))
    act(*arguments, **options)
    wait.until(lambda: len(events(gate, kind)) > before, f"the log to tell of {kind}")
    return events(gate, kind)[before]


def here(gate, local_part):
    """An address of ours as the MTA tells it where it has read one."""
    return f"{local_part}@{OURS}" if gate.mta.name == "postfix" else local_part


def came(gate, **session):
    """What the log says of a connection that no listener takes: (daemon, address, port)."""
    entry = heard(gate, "warning", gate.play, **session)
    assert entry["local"] == "no", entry
    return entry["daemon"], entry["address"], entry["port"]


def told(gate, **session):
    """What the log says of a session whose recipient is refused."""
    return heard(gate, "refused", gate.play, **session)


def log_in(gate, mechanism, user, secret):
    """A session with a login, up to its recipient."""
    with gate.connect(port=CLEAR.port) as session:
        session.ehlo()
        accepted(session.auth(mechanism, user, secret))
        accepted(session.mail(SENDER))
        refused(session.rcpt(LOCAL), HOLDS)


@suite.case("every row of the table has a case here")
def _(_gate):
    header = Path(__file__).resolve().parents[2] / "milter" / "macros.h"
    names = re.findall(r"^\tTOLD_(\w+),", header.read_text(), re.MULTILINE)
    assert len(names) > 10
    for name in names:
        assert any(title.startswith(name.lower() + ": ") for title in suite.titles), f"no case for TOLD_{name}"


@row("daemon", "each listener's own name")
def _(gate):
    begin(gate, NOBODY)
    for each in gate.mta.served:
        if not (each.milter or each.upstream or each.protocol):
            assert came(gate, port=each.port)[0] == each.name
            assert came(gate, port=each.port, client=lab.INTERNET6)[0] == each.name


@row("port", "the one that the client reached, whatever its address")
def _(gate):
    begin(gate, NOBODY)
    for each in (INBOUND, SUBMISSION, REMOTE):
        for client in (lab.INTERNET, lab.INTERNET6, "127.0.0.1", "::1"):
            assert came(gate, port=each.port, client=client)[2] == each.port


@row("local_address", "the one that the client reached: by a socket for all addresses, and by one for each")
def _(gate):
    begin(gate, NOBODY)
    for port in (INBOUND.port, REMOTE.port):
        for client, server in ((lab.INTERNET, lab.SERVER), (lab.INTERNET, lab.SECOND_SERVER), (lab.SERVER, lab.SERVER),
                               (lab.INTERNET6, lab.SERVER6), (lab.SERVER6, lab.SERVER6), ("127.0.0.1", "127.0.0.1"),
                               ("::1", "::1")):
            assert came(gate, port=port, client=client, server=server)[1] == server, (port, client)


@row("local_address", "loopback reached from another address of the machine")
def _(gate):
    begin(gate, NOBODY)
    for port in (INBOUND.port, REMOTE.port):
        assert came(gate, port=port, client=lab.LAN, server="127.0.0.1")[1] == "127.0.0.1"
        assert came(gate, port=port, client="127.0.0.1", server=lab.SERVER)[1] == lab.SERVER


@suite.case("daemon, port, local_address: of mail that a program on the machine submits", needs={"local"})
def _(gate):
    begin(gate, NOBODY)
    entry = heard(gate, "warning", gate.mta.submit, SENDER, [LOCAL])
    assert entry["local"] == "yes" and entry["port"] == 0 and "address" not in entry, entry
    assert entry.get("daemon") == (lab.HOST_NAME if gate.mta.name == "postfix" else None), entry
    gate.mta.discard_queue()


@row("client", "its address, IPv6 in its shortest spelling")
def _(gate):
    begin(gate, TALKATIVE)
    for client in (lab.INTERNET, lab.LAN, lab.INTERNET6, lab.LAN6, "127.0.0.1", "::1"):
        assert told(gate, client=client)["client"] == client


@row("client_name", "verified, forged, none")
def _(gate):
    begin(gate, TALKATIVE)
    for client, name in ((lab.LAN, "pc51.lan.example"), (lab.INTERNET6, "mail6.outside.example"),
                         (lab.FORGED, "unknown"), (lab.NAMELESS, "unknown"), (lab.LAN6, "unknown"),
                         (lab.UNANSWERED, "unknown"), ("127.0.0.1", "localhost"), ("::1", "localhost")):
        assert told(gate, client=client)["client_name"] == name, client


@row("client_name", "one that cannot be looked up just now is not one that is not there")
def _(gate):
    begin(gate, one(refuse("mail", 'client_name = [ "other.example" ];')))
    gate.play(lab.UNANSWERED).refused("mail", CANNOT)
    for client in (lab.NAMELESS, lab.FORGED, lab.LAN, lab.LAN6):
        gate.play(client).accepted()


@row("client_name", "one whose addresses cannot be looked up just now; Sendmail calls it forged")
def _(gate):
    begin(gate, one(refuse("mail", 'client_name = [ "half.outside.example" ];')))
    if gate.mta.name == "postfix":
        gate.play(lab.HALF_ANSWERED).refused("mail", CANNOT)
    else:
        gate.play(lab.HALF_ANSWERED).accepted()
        begin(gate, one(refuse("mail", 'client_name = [ "unknown" ];')))
        gate.play(lab.HALF_ANSWERED).refused("mail", HOLDS)


@row("helo", "as it was said, a literal in its brackets, and none")
def _(gate):
    begin(gate, TALKATIVE)
    for name in ("client.example", "Client.EXAMPLE", "[192.0.2.1]", "[IPv6:2001:db8::1]", "a_b"):
        assert told(gate, helo=name)["helo"] == name
    assert "helo" not in told(gate, helo=None)


@row("sender", "as it was written")
def _(gate):
    begin(gate, TALKATIVE)
    for sender in (SENDER, "Some.One@Example.ORG", f"sales@{OURS}"):
        assert told(gate, sender=sender)["sender"] == sender
    assert told(gate, sender="")["sender"] == "<>"


@row("sender", "what the MTA reads in one that is not plain; on Sendmail without a domain that is local")
def _(gate):
    begin(gate, one(refuse("mail", 'client = [ "0.0.0.0/0" ];')))
    for sender, read in (("(x)some@example.org", "some@example.org"), ("some@example.org (x)", "some@example.org"),
                         (f"(x)sales@{OURS}", here(gate, "sales")), ("(x)", "")):
        assert told(gate, sender=sender)["read_as"] == read, sender


@row("sender", "of mail that a program on the machine submits", needs={"local"})
def _(gate):
    begin(gate, one(refuse("mail", 'client = [ "127.0.0.1" ];')))
    for sender in (SENDER, ""):
        entry = heard(gate, "refused", gate.mta.submit, sender, [LOCAL])
        assert (entry["sender"], entry["client"]) == (sender or "<>", "127.0.0.1"), entry
        gate.mta.discard_queue()


@row("size", "what the client declares, and nothing where it declares none")
def _(gate):
    begin(gate, one(refuse("mail", "size_over = 999;")))
    gate.play(parameters=["SIZE=1000"]).refused("mail", HOLDS)
    gate.play(parameters=["BODY=8BITMIME", "SIZE=1000"]).refused("mail", HOLDS)
    gate.play(parameters=["SIZE=999"]).accepted()
    gate.play().accepted()


@row("user", "typed without a realm, and with one, by every mechanism")
def _(gate):
    begin(gate, TALKATIVE)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        for typed, expected in (("alice", gate.mta.login("alice")), (f"alice@{REALM}", f"alice@{REALM}")):
            entry = heard(gate, "refused", log_in, gate, mechanism, typed, password("alice"))
            assert entry["user"] == expected, (mechanism, typed)


@row("user", "none, and none by ANONYMOUS")
def _(gate):
    begin(gate, TALKATIVE)
    assert "user" not in told(gate, port=CLEAR.port)
    assert "user" not in heard(gate, "refused", log_in, gate, "ANONYMOUS", "alice", None)


@row("mechanism", "the one that was used")
def _(gate):
    mechanisms = ("PLAIN", "LOGIN", "CRAM-MD5")
    for expected in mechanisms:
        begin(gate, one(refuse("mail", f'mechanism = [ "{expected}" ];')))
        for mechanism in mechanisms:
            outcome = gate.play(port=CLEAR.port, login="alice", mechanism=mechanism)
            if mechanism == expected:
                outcome.refused("mail", HOLDS)
            else:
                outcome.accepted()


@row("tls", "the bits of the cipher, and none where nothing is encrypted")
def _(gate):
    for bits in (128, 256):
        begin(gate, one(refuse("mail", f"tls = {bits};"), refuse("rcpt", f"tls = {bits + 1};")))
        gate.play(port=SUBMISSION.port, bits=bits).refused("mail", HOLDS)
        begin(gate, one(refuse("mail", f"tls = {bits + 1};")))
        gate.play(port=SUBMISSION.port, bits=bits).accepted()
    begin(gate, one(refuse("mail", "tls = true;")))
    gate.play(port=SUBMISSION.port).accepted()
    gate.play(port=SUBMISSION.port, tls=True).refused("mail", HOLDS)


@row("recipient", "as it was written")
def _(gate):
    begin(gate, TALKATIVE)
    for recipient in (LOCAL, f"Info@{OURS.upper()}", "test@example.com", "info"):
        assert told(gate, recipients=[recipient])["recipient"] == recipient


@row("resolved", "where the MTA would send what the client wrote in another way")
def _(gate):
    begin(gate, one(OPEN, refuse("rcpt", 'recipient = [ "example.com" ];')))
    for recipient in (f"test%example.com@{OURS}", f"@{OURS}:test@example.com", f"example.com!test@{OURS}"):
        entry = told(gate, recipients=[recipient])
        assert (entry["recipient"], entry["read_as"]) == (recipient, "test@example.com"), entry


@row("resolved", "what the MTA reads in one that is not plain; on Sendmail without a domain that is local")
def _(gate):
    begin(gate, TALKATIVE)
    for recipient, read in ((f"(x)info@{OURS}", here(gate, "info")), (f"info@{OURS} (x)", here(gate, "info")),
                            ("(x)test@example.com", "test@example.com")):
        assert told(gate, recipients=[recipient])["read_as"] == read, recipient


@row("queue", "the id that the client is told in the end; on Postfix from the second recipient on")
def _(gate):
    begin(gate, one(refuse("rcpt", 'recipient = [ "sales@" ];')))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        first = heard(gate, "refused", session.rcpt, f"sales@{OURS}")
        accepted(session.rcpt(LOCAL))
        second = heard(gate, "refused", session.rcpt, f"sales@{OURS}")
        taken = session.data().lines[-1]
    assert second["queue"] in taken, (second, taken)
    assert first.get("queue") == (None if gate.mta.name == "postfix" else second["queue"]), first


@row("queue", "at MAIL, on Sendmail alone")
def _(gate):
    begin(gate, one(refuse("mail", 'client = [ "0.0.0.0/0" ];')))
    assert ("queue" in told(gate)) == (gate.mta.name == "sendmail")
