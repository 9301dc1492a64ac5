"""The shipped rule files, each played as it is."""

from support import lab
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import CLEAR, INBOUND, REMOTE, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"
REQUIRED = "530 5.7.0 Authentication required"
MUST_ENCRYPT = "530 5.7.0 Must issue a STARTTLS command first"

FROM_INSIDE = "boss@example.net"


def example(name, about):
    """A case that plays one of them; it must be taken without a word of warning."""
    def register(function):
        @suite.case(f"{name}: {about}")
        def _(gate):
            gate.example(name)
            assert not [line for line in gate.daemon.since() if "warning:" in line or "error:" in line]
            function(gate)
        return function
    return register


def relays(gate, client, **session):
    gate.sink.forget()
    gate.play(client, recipients=[RELAY], deliver=True, **session).accepted()
    assert [recipients for _, recipients in gate.delivered()] == [[RELAY]]


def does_not_relay(gate, client, **session):
    gate.play(client, recipients=[RELAY], **session).refused("rcpt", UNABLE)
    gate.play(client, **session).accepted()


@example("relay-only-list.conf", "the listed may relay, the router among them and the internet may not")
def _(gate):
    for client in (lab.LAN, lab.LAN6, "127.0.0.1", "::1", lab.SERVER):
        relays(gate, client)
    for client in (lab.ROUTER, lab.ROUTER6, lab.INTERNET, lab.INTERNET6, "172.16.2.1"):
        does_not_relay(gate, client)


@example("relay-all-except.conf", "all may relay but the router, from where the internet seems to come")
def _(gate):
    for client in (lab.LAN, "172.16.1.52", lab.LAN6):
        relays(gate, client)
    for client in (lab.ROUTER, lab.ROUTER6):
        does_not_relay(gate, client)


@example("authenticated-users.conf", "a login may relay from anywhere, an unencrypted one from nowhere")
def _(gate):
    relays(gate, lab.LAN)
    for client in (lab.INTERNET, lab.ROUTER):
        does_not_relay(gate, client)
        relays(gate, client, port=SUBMISSION.port, tls=True, login="alice")
        gate.play(client, CLEAR.port, login="alice").refused("mail", MUST_ENCRYPT)


@example("remote-port.conf", "port 60025 is for remote users only, the others for everybody without a login")
def _(gate):
    remote = {"port": REMOTE.port, "tls": True}
    for client in (lab.INTERNET, lab.LAN):
        gate.play(client, **remote).refused("mail", REQUIRED)
        relays(gate, client, login="alice", **remote)
        gate.play(client, **remote, login="carol").refused("mail", f"550 5.7.1 {gate.mta.login('carol')} may not send here")
    relays(gate, lab.LAN)
    does_not_relay(gate, lab.INTERNET)
    does_not_relay(gate, lab.ROUTER)
    gate.play(lab.LAN, CLEAR.port, login="alice").refused("mail", "550 5.7.1 Authentication is not accepted here")


@example("gateway.conf", "the manual relay check")
def _(gate):
    for client in (lab.LAN, lab.SERVER, "127.0.0.1"):
        relays(gate, client)
    for client in (lab.INTERNET, lab.ROUTER):
        does_not_relay(gate, client)


@example("gateway.conf", "inbound, port 25, is anonymous, closed to the blocked, and knows our senders")
def _(gate):
    gate.play("192.0.2.66").refused("mail", "550 5.7.1 Access denied for 192.0.2.66")
    gate.play("192.0.2.80").accepted()
    for sender in (FROM_INSIDE, "sales@example.org", "Info@Example.ORG", "x@sub.example.net"):
        gate.play(lab.ROUTER, sender=sender).refused("mail", f"550 5.7.1 {sender} is ours: send it from inside")
        gate.play(lab.LAN, sender=sender).accepted()
    gate.play(lab.INTERNET, sender="boss@example.org").accepted()


@example("gateway.conf", "outbound, ports 587 and 60025, takes nothing without a login of the staff over TLS")
def _(gate):
    for port in (SUBMISSION.port, REMOTE.port):
        for client in (lab.INTERNET, lab.ROUTER, lab.LAN):
            gate.play(client, port, tls=True).refused("mail", REQUIRED)
        for login in ("alice", "bob"):
            relays(gate, lab.INTERNET, port=port, tls=True, login=login, sender=FROM_INSIDE)
        gate.play(lab.INTERNET, port, tls=True, login="carol").refused(
            "mail", f"550 5.7.1 {gate.mta.login('carol')} may not send here")


@example("gateway.conf", "what a program on the server itself submits goes out")
def _(gate):
    if "local" in gate.mta.capabilities:
        gate.mta.submit(FROM_INSIDE, [RELAY])
        assert gate.delivered() == [(FROM_INSIDE, [RELAY])]


@example("gateway.conf", "a port that no listener takes gets no policy")
def _(gate):
    gate.play(lab.LAN, CLEAR.port).refused("mail", "451 4.3.5 No policy for this listener")


@example("gateway.conf", "none of the routing tricks gets out by the inbound port")
def _(gate):
    tricks = ("test%example.com@example.net", "example.com!test@example.net", "@example.net:test@example.com",
              '"test@example.com"@example.net', "test@example.com@example.net", "test@[192.0.2.1]")
    outcome = gate.play(lab.INTERNET, recipients=[LOCAL, *tricks], deliver=True)
    accepted(outcome.rcpt[0])
    for reply, trick in zip(outcome.rcpt[1:], tricks):
        if not gate.mta.refuses_itself(reply):
            refused(reply, f"550 5.7.1 Unable to relay for {trick}")
    assert gate.delivered() == [(SENDER, [LOCAL])]


@example("sender-filter.conf", "no outsider writes in our name; our people do, inside or logged in")
def _(gate):
    for sender in (FROM_INSIDE, "sales@example.org", '"boss"@example.net'):
        gate.play(lab.INTERNET, sender=sender).refused(
            "mail", f"550 5.7.1 {sender} is ours, and {lab.INTERNET} is not\nSend from inside, or log in")
        gate.play(lab.LAN, sender=sender).accepted()
        gate.play("198.51.100.25", sender=sender).accepted()
    gate.play(lab.INTERNET, sender=SENDER).accepted()
    relays(gate, lab.INTERNET, port=SUBMISSION.port, tls=True, login="alice", sender=FROM_INSIDE)


@example("sender-filter.conf", "a bounce needs a full host name")
def _(gate):
    gate.play(lab.INTERNET, sender="", helo="laptop").refused(
        "mail", "451 4.7.1 A bounce from laptop? Try again with a full host name")
    gate.play(lab.INTERNET, sender="", helo="mx.example.com").accepted()
    gate.play(lab.LAN, sender="", helo="laptop").accepted()


@example("connection-control.conf", "the backend is for partners, by network and by verified name")
def _(gate):
    gate.resolver.give("203.0.113.20", "mx.example.org")
    gate.resolver.give("203.0.113.21", "a.mail.example.org")
    for client in (lab.LAN, "198.51.100.10", "203.0.113.20", "203.0.113.21"):
        gate.play(client, CLEAR.port).accepted()
    for client, name in ((lab.INTERNET, "mail.outside.example"), ("198.51.100.16", "unknown")):
        gate.play(client, CLEAR.port).refused(
            "mail", f"550 5.7.1 This port is for partners; {client} [{name}] is not one")


@example("connection-control.conf", "the public port is for all but some, by network and by verified name")
def _(gate):
    gate.resolver.give("203.0.113.22", "dsl-7-8-9.example.com")
    gate.resolver.give("203.0.113.23", "home.dyn.example.com")
    gate.resolver.give("192.0.2.98", "relay.example.com")
    for client in (lab.INTERNET, "192.0.2.25", "192.0.2.98", lab.NAMELESS):
        gate.play(client).accepted()
    for client in ("192.0.2.99", "203.0.113.22", "203.0.113.23"):
        gate.play(client).refused("mail", f"550 5.7.1 Access denied for {client}")
    gate.play(lab.UNANSWERED, INBOUND.port).refused("mail", "450 4.7.1 Cannot look up your name, try again later")
    relays(gate, "127.0.0.1")
    does_not_relay(gate, lab.LAN)
