"""The three blocks, connection, auth and relay: every setting, and every reply."""

from rules import OPEN, one, refuse
from support import lab
from support.gate import LOCAL, RELAY
from support.mta import CLEAR, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

_PC = "pc51.lan.example"  # the verified name of lab.LAN


def denied(address):
    return f"550 5.7.1 Access denied for {address}"


def unable(recipient=RELAY):
    return f"550 5.7.1 Unable to relay for {recipient}"


# connection


@suite.case("connection only: listed clients and names may connect, the others are rejected")
def _(gate):
    gate.rules(one(f'connection = {{ mode = "only"; clients = [ "198.51.100.10" ]; names = [ "{_PC}" ]; }};'))
    gate.play("198.51.100.10").accepted()
    gate.play(lab.LAN).accepted()
    gate.play(lab.INTERNET).refused("mail", denied(lab.INTERNET))
    gate.play(lab.FORGED).refused("mail", denied(lab.FORGED))  # it only says that it is _PC


@suite.case("connection only without lists lets nobody in")
def _(gate):
    gate.rules(one('connection = { mode = "only"; };'))
    for client in (lab.INTERNET, "127.0.0.1", lab.LAN6):
        gate.play(client).refused("mail", denied(client))


@suite.case("connection all-except: those listed by network or name are rejected")
def _(gate):
    gate.rules(one(f'connection = {{ mode = "all-except"; clients = [ "203.0.113.0/24", "2001:db8::/32" ]; '
                   f'names = [ "{_PC}" ]; }};'))
    for client in (lab.INTERNET, lab.INTERNET6, lab.LAN):
        gate.play(client).refused("mail", denied(client))
    gate.play(lab.ROUTER).accepted()
    gate.play(lab.FORGED).accepted()


@suite.case("connection: its own reply")
def _(gate):
    gate.rules(one('connection = { mode = "only"; reply = "554 5.7.0 {listener} is not for {client}"; };'))
    gate.play().refused("mail", f"554 5.7.0 inbound is not for {lab.INTERNET}")


@suite.case("connection: a connect rule that matches takes its place, an accepting one too")
def _(gate):
    gate.rules(one(f'connect = ( {{ client = [ "{lab.LAN}" ]; verdict = "accept"; }}, '
                   f'{{ client = [ "{lab.ROUTER}" ]; verdict = "reject"; reply = "550 5.7.1 not the router"; }} );',
                   'connection = { mode = "only"; };'))
    gate.play(lab.LAN).accepted()
    gate.play(lab.ROUTER).refused("mail", "550 5.7.1 not the router")
    gate.play(lab.INTERNET).refused("mail", denied(lab.INTERNET))


# auth

_alice = {"login": "alice", "port": CLEAR.port}
_bob = {"login": "bob", "port": CLEAR.port}
_nobody = {"port": CLEAR.port}


@suite.case("auth optional, which is the default: with and without a login")
def _(gate):
    for block in ("", 'auth = { mode = "optional"; };', "auth = { };"):
        gate.rules(one(block))
        gate.play(**_nobody).accepted()
        gate.play(**_alice).accepted()


@suite.case("auth required: without a login 530 5.7.0 Authentication required")
def _(gate):
    gate.rules(one('auth = { mode = "required"; };'))
    gate.play(**_nobody).refused("mail", "530 5.7.0 Authentication required")
    gate.play(login="anonymous", mechanism="ANONYMOUS", port=CLEAR.port).refused(
        "mail", "530 5.7.0 Authentication required")
    gate.play(**_alice).accepted()


@suite.case("auth forbidden: with a login 550 5.7.1 Authentication is not accepted here")
def _(gate):
    gate.rules(one('auth = { mode = "forbidden"; };'))
    gate.play(**_nobody).accepted()
    gate.play(**_alice).refused("mail", "550 5.7.1 Authentication is not accepted here")


@suite.case("auth users: a login that is not listed is rejected; without a login optional goes on")
def _(gate):
    gate.rules(one('auth = { mode = "optional"; users = [ "alice@" ]; };'))
    gate.play(**_alice).accepted()
    gate.play(**_nobody).accepted()
    gate.play(**_bob).refused("mail", f"550 5.7.1 {gate.mta.login('bob')} may not send here")


@suite.case("auth mechanisms: a login that came by another is rejected")
def _(gate):
    gate.rules(one('auth = { mode = "required"; mechanisms = [ "cram-md5", "LOGIN" ]; };'))
    gate.play(**_alice, mechanism="CRAM-MD5").accepted()
    gate.play(**_alice, mechanism="LOGIN").accepted()
    gate.play(**_alice, mechanism="PLAIN").refused(
        "mail", f"550 5.7.1 {gate.mta.login('alice')} may not log in this way")


@suite.case("auth tls: a login without encryption, or with too few bits, is rejected")
def _(gate):
    words = "530 5.7.0 Must issue a STARTTLS command first"
    gate.rules(one('auth = { mode = "required"; tls = true; };'))
    gate.play(**_alice).refused("mail", words)
    gate.play(**_alice, tls=True).accepted()
    gate.rules(one('auth = { mode = "required"; tls = 256; };'))
    gate.play(**_alice, bits=128).refused("mail", words)
    gate.play(**_alice, bits=256).accepted()


@suite.case("auth tls without a login: the mode decides, nobody is asked to encrypt")
def _(gate):
    gate.rules(one('auth = { mode = "optional"; tls = true; };'))
    gate.play(**_nobody).accepted()


@suite.case("auth: users are asked before mechanisms, mechanisms before tls")
def _(gate):
    gate.rules(one('auth = { mode = "required"; users = [ "alice@" ]; mechanisms = [ "LOGIN" ]; tls = true; };'))
    gate.play(**_bob).refused("mail", f"550 5.7.1 {gate.mta.login('bob')} may not send here")
    gate.play(**_alice).refused("mail", f"550 5.7.1 {gate.mta.login('alice')} may not log in this way")
    gate.play(**_alice, mechanism="LOGIN").refused("mail", "530 5.7.0 Must issue a STARTTLS command first")
    gate.play(**_alice, mechanism="LOGIN", tls=True).accepted()


@suite.case("auth: its own reply")
def _(gate):
    gate.rules(one('auth = { mode = "forbidden"; reply = "535 5.7.8 {user}, log in elsewhere"; };'))
    gate.play(**_alice).refused("mail", f"535 5.7.8 {gate.mta.login('alice')}, log in elsewhere")


@suite.case("auth: a mail rule that matches takes its place")
def _(gate):
    gate.rules(one(f'mail = ( {{ client = [ "{lab.LAN}" ]; verdict = "accept"; }} );',
                   'auth = { mode = "required"; };'))
    gate.play(lab.LAN).accepted()
    gate.play(lab.INTERNET).refused("mail", "530 5.7.0 Authentication required")


# relay


@suite.case("relay only: listed clients and names may, the others may not; local recipients pass")
def _(gate):
    gate.rules(one(f'relay = {{ mode = "only"; clients = [ "198.51.100.10" ]; names = [ "{_PC}" ]; }};'))
    gate.play("198.51.100.10", recipients=[RELAY]).accepted()
    gate.play(lab.LAN, recipients=[RELAY]).accepted()
    for client in (lab.INTERNET, lab.FORGED, "127.0.0.1"):
        gate.play(client, recipients=[RELAY]).refused("rcpt", unable())
        gate.play(client).accepted()


@suite.case("relay only without lists: nobody may")
def _(gate):
    gate.rules(one('relay = { mode = "only"; };'))
    for client in (lab.INTERNET, lab.LAN, "127.0.0.1", lab.LAN6):
        gate.play(client, recipients=[RELAY]).refused("rcpt", unable())


@suite.case("relay all-except: the listed may not, the others may")
def _(gate):
    gate.rules(one(f'relay = {{ mode = "all-except"; clients = [ "{lab.ROUTER}", "203.0.113.0/24" ]; }};'))
    for client in (lab.ROUTER, lab.INTERNET):
        gate.play(client, recipients=[RELAY]).refused("rcpt", unable())
        gate.play(client).accepted()
    gate.play(lab.LAN, recipients=[RELAY]).accepted()


@suite.case("relay authenticated: a login may relay whatever the lists say")
def _(gate):
    gate.rules(one('relay = { mode = "only"; authenticated = true; };'))
    gate.play(**_alice, recipients=[RELAY]).accepted()
    gate.play(**_nobody, recipients=[RELAY]).refused("rcpt", unable())
    gate.rules(one('relay = { mode = "all-except"; clients = [ "0.0.0.0/0" ]; authenticated = true; };'))
    gate.play(**_alice, recipients=[RELAY]).accepted()
    gate.play(**_nobody, recipients=[RELAY]).refused("rcpt", unable())


@suite.case("relay authenticated = false, which is the default: a login helps nobody")
def _(gate):
    for setting in ("", "authenticated = false;"):
        gate.rules(one(f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; {setting} }};'))
        gate.play(**_alice, recipients=[RELAY]).refused("rcpt", unable())
        gate.play(lab.LAN, recipients=[RELAY]).accepted()


@suite.case("relay users: only these logins; the lists still hold for the others")
def _(gate):
    gate.rules(one(f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; '
                   'authenticated = true; users = [ "alice@" ]; };'))
    gate.play(**_alice, recipients=[RELAY]).accepted()
    gate.play(**_bob, recipients=[RELAY]).refused("rcpt", unable())
    gate.play(lab.LAN, **_bob, recipients=[RELAY]).accepted()


@suite.case("relay authenticated: only a login that the auth block would admit, though a mail rule let it pass")
def _(gate):
    everybody = 'mail = ( { client = [ "0.0.0.0/0" ]; verdict = "accept"; } );'
    relay = 'relay = { mode = "only"; authenticated = true; };'
    for auth, admitted, others in (
            ('auth = { mode = "required"; users = [ "alice@" ]; };', [_alice], [_bob, _nobody]),
            ('auth = { mode = "optional"; mechanisms = [ "LOGIN" ]; };', [dict(_alice, mechanism="LOGIN")], [_alice]),
            ('auth = { mode = "required"; tls = true; };', [dict(_alice, tls=True)], [_alice]),
            ('auth = { mode = "forbidden"; };', [], [_alice])):
        gate.rules(one(everybody, auth, relay))
        for session in admitted:
            gate.play(**session, recipients=[RELAY]).accepted()
        for session in others:
            gate.play(**session, recipients=[RELAY]).refused("rcpt", unable())


@suite.case("relay: its own reply")
def _(gate):
    gate.rules(one('relay = { mode = "only"; reply = "551 5.7.1 {client} is no customer: {recipient} refused"; };'))
    gate.play(recipients=[RELAY]).refused("rcpt", f"551 5.7.1 {lab.INTERNET} is no customer: {RELAY} refused")


@suite.case("relay: a rcpt rule that refuses takes its place")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", f'recipient = [ "{RELAY}", "{LOCAL}" ];', "550 5.7.1 not them")))
    gate.play(recipients=[RELAY]).refused("rcpt", "550 5.7.1 not them")
    gate.play(recipients=[LOCAL]).refused("rcpt", "550 5.7.1 not them")
    gate.play(recipients=["other@example.com"]).accepted()


@suite.case("the blocks over STARTTLS, as a submission port has them")
def _(gate):
    gate.rules(one('auth = { mode = "required"; users = [ "alice@" ]; tls = true; };',
                   'relay = { mode = "only"; authenticated = true; };'))
    remote = {"port": SUBMISSION.port, "tls": True, "recipients": [RELAY]}
    gate.play(**remote, login="alice", deliver=True).accepted()
    gate.play(**remote, login="alice", mechanism="LOGIN").accepted()
    gate.play(**remote, login="bob").refused("mail", f"550 5.7.1 {gate.mta.login('bob')} may not send here")
    gate.play(**remote).refused("mail", "530 5.7.0 Authentication required")
    assert len(gate.delivered()) == 1
