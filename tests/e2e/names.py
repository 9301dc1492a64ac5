"""Verified client names: only one that leads back to the address counts."""

from rules import HOLDS, OPEN, one, refuse
from support import lab
from support.gate import RELAY, SENDER, accepted, refused
from support.mta import FRONT
from support.suite import Suite

suite = Suite(__doc__)

CANNOT = "450 4.7.1 Cannot look up your name, try again later"
UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"


@suite.case("client_name: the verified name, .domain and /REGEX/ on it")
def _(gate):
    for entry in ("pc51.lan.example", "PC51.LAN.example", ".lan.example", "/^pc[0-9]/"):
        gate.rules(one(refuse("connect", f'client_name = [ "{entry}" ];')))
        gate.play(lab.LAN).refused("mail", HOLDS)
        gate.play(lab.INTERNET).accepted()


@suite.case("client_name: a name that does not lead back to the address is unknown")
def _(gate):
    gate.rules(one(refuse("connect", 'client_name = [ "pc51.lan.example" ];')))
    gate.play(lab.FORGED).accepted()
    gate.rules(one(refuse("connect", 'client_name = [ "unknown" ];')))
    gate.play(lab.FORGED).refused("mail", HOLDS)


@suite.case("client_name: unknown holds for clients without a name, and only the entry unknown matches them")
def _(gate):
    gate.rules(one(refuse("connect", 'client_name = [ "unknown" ];')))
    gate.play(lab.NAMELESS).refused("mail", HOLDS)
    gate.play(lab.LAN).accepted()
    gate.rules(one(refuse("connect", 'client_name = [ "/./", ".unknown" ];')))
    gate.play(lab.NAMELESS).accepted()
    gate.play(lab.LAN).refused("mail", HOLDS)


@suite.case("client_name: an IPv6 client's name")
def _(gate):
    gate.rules(one(refuse("connect", 'client_name = [ "mail6.outside.example" ];')))
    gate.play(lab.INTERNET6).refused("mail", HOLDS)
    gate.play(lab.LAN6).accepted()


@suite.case("a name server that does not answer just now: a decision that asks for the name is 450 4.7.1")
def _(gate):
    gate.rules(one(refuse("connect", 'client_name = [ "bad.example" ];')))
    gate.play(lab.UNANSWERED).refused("mail", CANNOT)
    gate.play(lab.NAMELESS).accepted()


@suite.case("a name server that does not answer: a decision that never asks for the name is not touched")
def _(gate):
    gate.rules(one(refuse("mail", f'sender = [ "other@example.org" ]; client_name = [ "bad.example" ];')))
    gate.play(lab.UNANSWERED).accepted()
    gate.play(lab.UNANSWERED, sender="other@example.org").refused("mail", CANNOT)


@suite.case("a name server that does not answer: the blocks' names ask too, after their networks")
def _(gate):
    gate.rules(one('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; names = [ ".lan.example" ]; };'))
    gate.play(lab.UNANSWERED, recipients=[RELAY]).refused("rcpt", CANNOT)
    gate.play(lab.UNANSWERED).accepted()
    gate.rules(one(f'connection = {{ mode = "only"; clients = [ "{lab.UNANSWERED}" ]; names = [ "a.example" ]; }};'))
    gate.play(lab.UNANSWERED).accepted()


@suite.case("XCLIENT NAME=[TEMPUNAVAIL]: 450 4.7.1", needs={"xclient"})
def _(gate):
    gate.rules(one(refuse("connect", 'client_name = [ "bad.example" ];')))
    with gate.connect(port=FRONT.port) as session:
        session.ehlo()
        accepted(session.command(f"XCLIENT NAME=[TEMPUNAVAIL] ADDR={lab.NAMELESS}"))
        session.ehlo()
        refused(session.mail(SENDER), CANNOT)


@suite.case("XCLIENT: the name and address that a front gives are the client's", needs={"xclient"})
def _(gate):
    gate.rules(one(refuse("connect", f'client = [ "192.0.2.77" ]; client_name = [ "pc.other.example" ];')))
    with gate.connect(port=FRONT.port) as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rset())
        accepted(session.command("XCLIENT NAME=pc.other.example ADDR=192.0.2.77"))
        session.ehlo()
        refused(session.mail(SENDER), HOLDS)


@suite.case("a relay block's names let a verified name through, and nobody who only claims it")
def _(gate):
    gate.rules(one('relay = { mode = "only"; names = [ ".lan.example" ]; };'))
    gate.play(lab.LAN, recipients=[RELAY]).accepted()
    gate.play(lab.FORGED, helo="pc51.lan.example", recipients=[RELAY]).refused("rcpt", UNABLE)


@suite.case("{client_name} in a reply: the name, or unknown")
def _(gate):
    gate.rules(one(refuse("mail", "authenticated = false;", "550 5.7.1 you are {client_name}"), OPEN))
    gate.play(lab.LAN).refused("mail", "550 5.7.1 you are pc51.lan.example")
    gate.play(lab.NAMELESS).refused("mail", "550 5.7.1 you are unknown")
