"""Older milter protocols, and an MTA that is told to send no macros by itself: the same decisions as ever."""

from rules import HOLDS, OPEN, listener, one, refuse, rule_file
from support import lab
from support.credentials import password
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import OLD, RESERVED
from support.suite import Suite

suite = Suite(__doc__)

UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"


def case(about):
    """A case of each of these listeners."""
    def register(function):
        @suite.case(about, needs={"protocol", "reserved"})
        def _(gate):
            for each in (*OLD, RESERVED):
                function(gate, each)
        return function
    return register


@case("the listener is known by its name, the address that the client reached, and its port")
def _(gate, each):
    gate.rules(rule_file(listener(refuse("rcpt", "relay = false;"), name="this",
                                  match=f'daemon = [ "{each.name}" ]; address = [ "{lab.SERVER}", "{lab.SERVER6}" ]; '
                                  f"port = [ {each.port} ];"), listener(name="rest")))
    gate.play(port=each.port).refused("rcpt", HOLDS)
    gate.play(lab.INTERNET6, port=each.port).refused("rcpt", HOLDS)
    gate.play(port=each.port, server=lab.SECOND_SERVER).accepted()


@case("who may relay, and who may not, by address and by name")
def _(gate, each):
    gate.rules(one('relay = { mode = "only"; clients = [ "fd00:1::/64" ]; names = [ ".lan.example" ]; };'))
    for client in (lab.LAN, lab.LAN6):
        gate.play(client, each.port, recipients=[LOCAL, RELAY]).accepted()
    for client in (lab.INTERNET, lab.INTERNET6, lab.FORGED):
        gate.play(client, each.port, recipients=[LOCAL, RELAY]).refused("rcpt", UNABLE)


@case("what the MTA resolves is judged")
def _(gate, each):
    gate.rules(one(local_domains='local_domains = [ "elsewhere.example" ];'))
    gate.play(port=each.port, recipients=["info@elsewhere.example"]).accepted()
    assert gate.play(port=each.port, recipients=["info"]).rcpt[0].code == 550


@case("a refusal of each stage is given in its own words, that of DATA too")
def _(gate, each):
    for stage, conditions, at in (("connect", f'client = [ "{lab.INTERNET}" ];', "mail"),
                                  ("helo", 'helo = [ "client.example" ];', "mail"),
                                  ("mail", "authenticated = false;", "mail"), ("rcpt", "relay = false;", "rcpt"),
                                  ("data", "recipients_over = 0;", "data")):
        gate.rules(one(OPEN, refuse(stage, conditions)))
        gate.play(port=each.port, deliver=True).refused(at, HOLDS)
    assert gate.delivered() == []


@case("several messages on one connection, each with its own recipients, sizes and answers at DATA")
def _(gate, each):
    gate.rules(one(refuse("data", "recipients_over = 1;"), refuse("mail", "size_over = 5000;")))
    gate.sink.forget()
    with gate.connect(port=each.port) as session:
        session.ehlo()
        for recipients, code in ((2, 550), (1, 250), (3, 550), (1, 250)):
            refused(session.mail(SENDER, "SIZE=6000"), HOLDS)
            accepted(session.mail(SENDER))
            for number in range(recipients):
                accepted(session.rcpt(f"user{number}@example.net"))
            refused(session.rcpt(RELAY), UNABLE)
            reply = session.data()
            assert reply.code == code, (each.name, recipients, reply)
            accepted(session.rset())
    assert len(gate.delivered()) == 2


@suite.case("a login counts, and a second message without one is not logged in", needs={"reserved", "relogin"})
def _(gate):
    gate.rules(one('relay = { mode = "only"; authenticated = true; };'))
    with gate.connect(port=RESERVED.port) as session:
        session.ehlo()
        accepted(session.auth("PLAIN", "alice", password("alice")))
        accepted(session.mail(SENDER))
        accepted(session.rcpt(RELAY))
        accepted(session.data())
        accepted(session.starttls())
        session.ehlo()
        accepted(session.mail(SENDER))
        refused(session.rcpt(RELAY), UNABLE)
