"""Logins: over STARTTLS, by each mechanism, and forgotten when they are over."""

from rules import HOLDS, OPEN, one, refuse
from support import lab
from support.credentials import REALM, password
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import CLEAR, REMOTE, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

REQUIRED = "530 5.7.0 Authentication required"
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"

# Only who is logged in may relay: the rule that a stale login would open.
MEMBERS = one('relay = { mode = "only"; authenticated = true; };')


@suite.case("PLAIN, LOGIN and CRAM-MD5 over STARTTLS may relay, and the message goes out")
def _(gate):
    gate.rules(MEMBERS)
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        gate.play(port=SUBMISSION.port, tls=True, login="alice", mechanism=mechanism, recipients=[RELAY],
                  deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [RELAY])] * 3
    gate.play(port=SUBMISSION.port, tls=True, recipients=[RELAY]).refused("rcpt", UNABLE)


@suite.case("a login that failed is none")
def _(gate):
    gate.rules(MEMBERS)
    for mechanism in ("PLAIN", "LOGIN"):
        with gate.connect(port=CLEAR.port) as session:
            session.ehlo()
            assert session.auth(mechanism, "alice", "guessed").code == 535
            accepted(session.mail(SENDER))
            refused(session.rcpt(RELAY), UNABLE)


@suite.case("required, forbidden and optional, each on a listener of its own in one file")
def _(gate):
    gate.rules("""
    listeners = (
      { name = "required"; direction = "outbound"; match = { port = [ 587 ]; };
        auth = { mode = "required"; }; relay = { mode = "only"; authenticated = true; }; },
      { name = "forbidden"; direction = "inbound"; match = { port = [ 60025 ]; }; auth = { mode = "forbidden"; }; %s },
      { name = "optional"; direction = "inbound"; match = { port = [ 2525 ]; }; auth = { mode = "optional"; }; %s } );
    """ % (OPEN, OPEN))
    gate.play(port=587, tls=True).refused("mail", REQUIRED)
    gate.play(port=587, tls=True, login="alice").accepted()
    gate.play(port=60025, tls=True).accepted()
    gate.play(port=60025, tls=True, login="alice").refused("mail", "550 5.7.1 Authentication is not accepted here")
    gate.play(port=2525).accepted()
    gate.play(port=2525, login="alice").accepted()


@suite.case("a login after a refused MAIL is seen by the next MAIL")
def _(gate):
    gate.rules(one('auth = { mode = "required"; };', OPEN))
    with gate.connect(port=CLEAR.port) as session:
        session.ehlo()
        refused(session.mail(SENDER), REQUIRED)
        accepted(session.auth("LOGIN", "alice", password("alice")))
        accepted(session.mail(SENDER))
        accepted(session.rcpt(RELAY))


@suite.case("the login lasts for every message of its session")
def _(gate):
    gate.rules(MEMBERS)
    with gate.connect(port=CLEAR.port) as session:
        session.ehlo()
        accepted(session.auth("PLAIN", "alice", password("alice")))
        for _round in range(3):
            accepted(session.mail(SENDER))
            accepted(session.rcpt(RELAY))
            accepted(session.data())
    assert gate.delivered() == [(SENDER, [RELAY])] * 3


SECOND = "second@example.org"


def second_messages(gate):
    """Sessions with a login in clear, a first message, and STARTTLS, which makes the MTA forget the login (RFC 3207).

    In every way in which the first message may end and the second begin: what an MTA tells again, and what it leaves
    untold, differs. Yields (session, the answer to the second MAIL); an MTA that insists on a greeting first is spared.
    """
    for ending in (lambda session: session.data(), lambda session: session.rset()):
        for greets in (True, False):
            with gate.connect(port=CLEAR.port) as session:
                session.ehlo()
                accepted(session.auth("PLAIN", "alice", password("alice")))
                accepted(session.mail(SENDER))
                accepted(session.rcpt(RELAY))
                accepted(ending(session))
                accepted(session.starttls())
                if greets:
                    session.ehlo()
                reply = session.mail(SECOND)
                if reply.code != 503 or greets:
                    yield session, reply


@suite.case("a second message without a login, on the connection of a first one with a login, is not logged in",
            needs={"relogin"})
def _(gate):
    gate.rules(MEMBERS)
    for session, reply in second_messages(gate):
        accepted(reply)
        refused(session.rcpt(RELAY), UNABLE)
        accepted(session.rcpt(LOCAL))
        accepted(session.data())
    second = [recipients for sender, recipients in gate.delivered() if sender == SECOND]
    assert second and all(recipients == [LOCAL] for recipients in second), second


@suite.case("nor is it where a login is required, nor where one is refused", needs={"relogin"})
def _(gate):
    gate.rules(one('auth = { mode = "required"; };', OPEN))
    for _session, reply in second_messages(gate):
        refused(reply, REQUIRED)
    gate.rules(one(refuse("mail", f'authenticated = true; sender = [ "{SECOND}" ];'), OPEN))
    for _session, reply in second_messages(gate):
        accepted(reply)


@suite.case("nor has it the first one's name or mechanism", needs={"relogin"})
def _(gate):
    for condition in ('user = [ "alice@" ];', 'mechanism = [ "PLAIN" ];'):
        gate.rules(one(refuse("mail", f'{condition} sender = [ "{SECOND}" ];'), OPEN))
        for _session, reply in second_messages(gate):
            accepted(reply)


@suite.case("after it another may log in, who is then meant", needs={"relogin"})
def _(gate):
    gate.rules(one('relay = { mode = "only"; authenticated = true; users = [ "alice@" ]; };'))
    for session, reply in second_messages(gate):
        accepted(reply)
        accepted(session.rset())
        accepted(session.auth("LOGIN", "bob", password("bob")))
        accepted(session.mail(SENDER))
        refused(session.rcpt(RELAY), UNABLE)


@suite.case("encryption is seen from the EHLO after STARTTLS on, whichever message it is")
def _(gate):
    gate.rules(one(refuse("mail", "tls = false;")))
    with gate.connect(port=REMOTE.port) as session:
        session.ehlo()
        refused(session.mail(SENDER), HOLDS)
        accepted(session.starttls(bits=128))
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        accepted(session.data())
        accepted(session.mail(SENDER))


@suite.case("encryption is seen without any EHLO after STARTTLS")
def _(gate):
    gate.rules(one(refuse("mail", "tls = false;"), refuse("rcpt", "tls = 256;")))
    with gate.connect(port=REMOTE.port) as session:
        session.ehlo()
        accepted(session.starttls(bits=128))
        reply = session.mail(SENDER)
        if reply.code != 503:  # an MTA may insist on a greeting
            accepted(reply)
            accepted(session.rcpt(LOCAL))


@suite.case("a claimed MAIL AUTH= is no login")
def _(gate):
    gate.rules(MEMBERS)
    with gate.connect(port=CLEAR.port) as session:
        session.ehlo()
        reply = session.mail(SENDER, "AUTH=alice@lab.example")
        if reply.code == 250:  # an MTA may refuse the parameter
            refused(session.rcpt(RELAY), UNABLE)


@suite.case("users by table and file, less one, at the port for remote users")
def _(gate):
    (gate.directory / "staff.users").write_text("# who may send from outside\nalice@\nbob@\n"
                                                "carol@   # on leave\n!carol@\n")
    gate.rules("""
    users = { staff = { file = "staff.users"; }; };
    listeners = ( { name = "remote"; direction = "outbound"; match = { port = [ 587, 60025 ]; };
                    auth  = { mode = "required"; users = [ "@staff" ]; tls = true; };
                    relay = { mode = "only"; clients = []; authenticated = true; users = [ "@staff" ]; }; } );
    """)
    for user in ("alice", "bob"):
        gate.play(lab.INTERNET, REMOTE.port, tls=True, login=user, recipients=[RELAY]).accepted()
    for user in ("carol", "mallory"):
        gate.play(lab.INTERNET, REMOTE.port, tls=True, login=user).refused(
            "mail", f"550 5.7.1 {gate.mta.login(user)} may not send here")
    gate.play(lab.INTERNET, REMOTE.port, tls=True).refused("mail", REQUIRED)


@suite.case("a login typed with its realm is that user's too, of that realm and of no other")
def _(gate):
    for user, code in (("alice@", 250), (f"alice@{REALM}", 250), ("alice@other.example", 550), ("bob@", 550)):
        gate.rules(one(f'relay = {{ mode = "only"; authenticated = true; users = [ "{user}" ]; }};'))
        with gate.connect(port=CLEAR.port) as session:
            session.ehlo()
            accepted(session.auth("PLAIN", f"alice@{REALM}", password("alice")))
            accepted(session.mail(SENDER))
            assert session.rcpt(RELAY).code == code, user


@suite.case("a login by XCLIENT, from a front that has checked it, counts", needs={"xclient"})
def _(gate):
    gate.rules(one('relay = { mode = "only"; authenticated = true; users = [ "alice" ]; };'))
    with gate.connect(port=2526) as session:
        session.ehlo()
        accepted(session.command("XCLIENT LOGIN=alice"))
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(RELAY))
