"""The settings that contrib/ ships for each MTA: what the rules decide, and what goes without them."""

import contextlib
import json
import signal
import subprocess

from rules import listener, refuse, rule_file
from support import lab, wait
from support.attached import AttachedPostfix, AttachedSendmail
from support.credentials import password
from support.gate import EXAMPLES, LOCAL, RELAY, SENDER
from support.mta import INBOUND, REMOTE, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__, mtas=(AttachedPostfix, AttachedSendmail))

RULES = "gateway.conf"
BLOCKED = "192.0.2.66"
USERS = (SUBMISSION.port, REMOTE.port)  # the ports for them

OUTSIDE = (lab.INTERNET, lab.INTERNET6, lab.NAMELESS, lab.ROUTER, lab.ROUTER6, lab.LAN6)
INSIDE = (lab.LAN, lab.SERVER, "127.0.0.1", "127.8.9.1", "::1", "172.16.0.1", "172.16.255.254", "172.16.1.2")

# What leads away from here, though most of it looks like an address of ours.
AWAY = (RELAY, "test%example.com@example.net", "test@example.com@example.net", '"test@example.com"@example.net',
        "@example.net:test@example.com", "example.com!test@example.net", r"test\@example.com@example.net",
        "test@[192.0.2.1]")


def with_rules(title):
    """A case that begins with the shipped rules in force."""
    def register(function):
        @suite.case(title)
        def _(gate):
            gate.example(RULES)
            function(gate)
        return function
    return register


def arrived(gate):
    """All recipients at the sink, each as often as a message came for it."""
    return sorted(recipient for _, recipients in gate.delivered() for recipient in recipients)


def relays(gate, client=lab.INTERNET, **session):
    gate.sink.forget()
    gate.play(client, recipients=[RELAY, LOCAL], deliver=True, **session).accepted()
    assert arrived(gate) == [LOCAL, RELAY], arrived(gate)


def takes_ours_alone(gate, client):
    """On port 25: what is ours arrives, and nothing that leads away from here."""
    gate.sink.forget()
    outcome = gate.play(client, recipients=[*AWAY, LOCAL], deliver=True)
    for recipient, reply in zip(AWAY, outcome.rcpt):
        assert reply.code // 100 == 5, f"{recipient} from {client}: {reply}"
    assert outcome.data.code == 250
    assert arrived(gate) == [LOCAL], arrived(gate)


def takes_nothing(gate, client, port, told, tls=False, login=None):
    """The first refusal has one of the codes told; what the client says in spite of it leads nowhere."""
    gate.sink.forget()
    with gate.connect(client, port) as session:
        replies = [session.ehlo()]
        if tls or login:
            replies.append(session.starttls())
            if replies[-1].code == 220:
                replies.append(session.ehlo())
        if login:
            replies.append(session.auth("PLAIN", login, password(login)))
        replies.append(session.mail(SENDER))
        led = [session.rcpt(RELAY), session.rcpt(LOCAL), session.data()]
    refusal = next(reply for reply in replies + led if reply.code >= 400)
    assert refusal.code in told, f"{client} at port {port}: {refusal}"
    assert all(reply.code >= 400 for reply in led), f"{client} at port {port}: {led}"
    assert arrived(gate) == [], arrived(gate)


def all_is_as_the_rules_have_it(gate):
    relays(gate, lab.LAN)
    takes_ours_alone(gate, lab.INTERNET)
    takes_ours_alone(gate, lab.ROUTER)
    for port in USERS:
        relays(gate, port=port, tls=True, login="alice")


def submitted(gate, sender):
    """Submits mail as a program on the machine would, which must go out."""
    gate.mta.submit(sender, [RELAY])
    return wait.until(lambda: [one for one in gate.sink.messages if one.sender == sender], "the submitted message")


def kill(gate):
    gate.daemon.kill()
    gate.daemon = None


@with_rules("port 25 relays for the LAN, and takes from outsiders and from the router what is ours alone")
def _(gate):
    for client in INSIDE:
        relays(gate, client)
    for client in OUTSIDE:
        takes_ours_alone(gate, client)


@with_rules("port 25 is judged by the rules: the blocked, outsiders in our name")
def _(gate):
    gate.play(BLOCKED).refused("mail", f"550 5.7.1 Access denied for {BLOCKED}")
    for sender in ("boss@example.net", "sales@example.org"):
        gate.play(lab.ROUTER, sender=sender).refused("mail", f"550 5.7.1 {sender} is ours: send it from inside")
        gate.play(lab.LAN, sender=sender).accepted()


@with_rules("port 25 offers no login, encrypted or not")
def _(gate):
    with gate.connect() as session:
        assert "AUTH" not in session.ehlo().keywords
        assert session.starttls().code == 220
        assert "AUTH" not in session.ehlo().keywords
        assert session.auth("PLAIN", "alice", "alice-secret").code // 100 == 5


@with_rules("ports 587 and 60025 take a login after STARTTLS alone, and nothing without one")
def _(gate):
    for port in USERS:
        for client in (lab.INTERNET, lab.ROUTER, lab.LAN, "127.0.0.1"):
            takes_nothing(gate, client, port, told={530})
            with gate.connect(client, port) as session:
                assert "AUTH" not in session.ehlo().keywords
                assert session.starttls().code == 220
                assert session.ehlo().keywords["AUTH"].split()[:2] in (["PLAIN", "LOGIN"], ["LOGIN", "PLAIN"])
                assert session.mail(SENDER).code == 530


@with_rules("ports 587 and 60025 relay for a login of the staff, from anywhere; other logins the rules refuse")
def _(gate):
    for port in USERS:
        for client in (lab.INTERNET, lab.ROUTER, lab.LAN):
            relays(gate, client, port=port, tls=True, login="alice")
            gate.play(client, port, tls=True, login="carol").refused(
                "mail", f"550 5.7.1 {gate.mta.login('carol')} may not send here")


@with_rules("mail that programs on the machine submit goes out, judged by the rules")
def _(gate):
    submitted(gate, "boss@example.net")
    assert arrived(gate) == [RELAY]
    gate.rules(rule_file(listener(refuse("mail", 'sender = [ "program@example.org" ];', "451 4.7.1 not now"))))
    gate.mta.submit("program@example.org", [RELAY])
    gate.daemon.await_line("^refused .*not now", gate.daemon_mark)
    gate.mta.discard_queue()


@suite.case("the listeners have the names that the settings give them")
def _(gate):
    gate.rules(rule_file(*(
        listener(refuse("mail", 'sender = [ "/^/" ];', "550 5.7.1 here {listener} judges"), name=name,
                 match=f'daemon = [ "{name}" ];') for name in ("inbound", "submission", "remote"))))
    gate.play().refused("mail", "550 5.7.1 here inbound judges")
    for port, name in ((SUBMISSION.port, "submission"), (REMOTE.port, "remote")):
        gate.play(port=port, tls=True, login="alice").refused("mail", f"550 5.7.1 here {name} judges")


@with_rules("sallyport killed: no port takes anything from anybody, and all is as before when it is back")
def _(gate):
    kill(gate)
    for client in (*OUTSIDE, *INSIDE):
        takes_nothing(gate, client, INBOUND.port, told={451})
    for port in USERS:
        for client in (lab.INTERNET, lab.ROUTER, lab.LAN):
            takes_nothing(gate, client, port, told={451, 530})
            takes_nothing(gate, client, port, told={451, 454}, login="alice")
    gate.example(RULES)
    all_is_as_the_rules_have_it(gate)


@with_rules("sallyport hung: no port takes anything when the MTA has waited, and all is as before when it goes on")
def _(gate):
    with gate.mta.changed("hurried"):
        gate.daemon.signal(signal.SIGSTOP)
        for client in (lab.ROUTER, lab.LAN):
            takes_nothing(gate, client, INBOUND.port, told={451})
        takes_nothing(gate, lab.INTERNET, SUBMISSION.port, told={451, 454}, login="alice")
        gate.daemon.signal(signal.SIGCONT)
        all_is_as_the_rules_have_it(gate)


@with_rules("sallyport killed: submitted mail waits, and arrives once when it is back")
def _(gate):
    kill(gate)
    gate.mta.submit("boss@example.net", [RELAY])
    gate.mta.wake()
    wait.until(lambda: gate.mta.tried_in_vain(gate.mta.log), "the MTA to ask a milter that is not there")
    assert (gate.mta.waiting(), gate.sink.messages) == (1, []), (gate.mta.waiting(), gate.sink.messages)
    gate.example(RULES)
    gate.mta.wake()
    wait.until(lambda: gate.mta.waiting() == 0, "the submitted mail to go")
    assert arrived(gate) == [RELAY], arrived(gate)


@suite.case("the milter taken out: outsiders and the router relay as little as before, users without a login, too")
def _(gate):
    with gate.mta.changed("bypassed"):
        for client in OUTSIDE:
            takes_ours_alone(gate, client)
        for port in USERS:
            for client in (lab.INTERNET, lab.ROUTER, lab.LAN, "127.0.0.1"):
                takes_nothing(gate, client, port, told={530})
                takes_nothing(gate, client, port, told={530, 554}, tls=True)


@suite.case("the milter taken out: it was, since what the rules alone refuse passes")
def _(gate):
    with gate.mta.changed("bypassed"):
        gate.play(BLOCKED, sender="boss@example.net").accepted()
        relays(gate, lab.LAN)
        relays(gate, port=SUBMISSION.port, tls=True, login="carol")
        submitted(gate, "boss@example.net")


@suite.case("the milter taken out: port 25 relays for exactly those for whom the rules would")
def _(gate):
    edges = ("172.16.0.0", "172.16.1.0", "172.16.255.255")
    with gate.mta.changed("bypassed"):
        for client in (*OUTSIDE, *INSIDE, *edges):
            judged = subprocess.run(
                [gate.executable, "explain", "-c", EXAMPLES / RULES, "--json", "--listener", "inbound",
                 "--client", client, "--recipient", RELAY], capture_output=True, text=True, check=False)
            verdict = json.loads(judged.stdout)["verdict"]
            (reply,) = gate.play(client, recipients=[RELAY]).rcpt
            assert (reply.code == 250) == (verdict == "accept"), f"{client}: {verdict}, {reply}"


@suite.case("a socket file in the place that the settings name serves all of them alike")
def _(gate):
    with gate.mta.changed("by file"), at_socket(gate, gate.mta.socket_file):
        gate.example(RULES)
        gate.play(BLOCKED).refused("mail", f"550 5.7.1 Access denied for {BLOCKED}")
        gate.play(port=REMOTE.port, tls=True, login="carol").refused(
            "mail", f"550 5.7.1 {gate.mta.login('carol')} may not send here")
        all_is_as_the_rules_have_it(gate)
        gate.sink.forget()
        submitted(gate, "boss@example.net")


@contextlib.contextmanager
def at_socket(gate, socket):
    """While it lasts, the daemon listens there."""
    before = gate.socket
    gate.socket = socket
    try:
        yield
    finally:
        gate.daemon.stop()
        gate.daemon = None
        gate.socket = before


for path in sorted(EXAMPLES.glob("*.conf")):
    @suite.case(f"with {path.name} in force outsiders and the router are taken for nothing but what is ours")
    def _(gate, name=path.name):
        gate.example(name)
        for client in OUTSIDE:
            takes_ours_alone(gate, client)
        for port in USERS:
            takes_nothing(gate, lab.INTERNET, port, told={530})
