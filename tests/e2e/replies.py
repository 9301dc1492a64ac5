"""Replies: the rule's own words and nothing else, whatever the client put into them."""

import json
from itertools import product

from rules import OPEN, OURS, one, refuse
from support import lab
from support.credentials import password
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import CLEAR
from support.suite import Suite

suite = Suite(__doc__)


def replying(text, stage="rcpt"):
    """Rules that answer so to everybody, at that stage."""
    return one(OPEN, refuse(stage, 'client = [ "0.0.0.0/0" ];', text))


def one_clean_line(reply, code):
    """A reply that nobody could have forged: one line, this code, printable ASCII, of a length that MTAs pass.

    An MTA may put the address before our words, and that as it came.
    """
    assert reply.code == code and len(reply.lines) == 1, reply.lines
    assert all(" " <= character <= "~" for character in reply.words), reply.lines
    assert len(reply.words) <= 900, len(reply.words)


@suite.case("several lines")
def _(gate):
    gate.rules(replying("550 5.7.1 one\\ntwo, for {recipient}\\nthree"))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        reply = session.rcpt(LOCAL)
        refused(reply, f"550 5.7.1 one\ntwo, for {LOCAL}\nthree")
        assert [line[:10] for line in reply.lines] == ["550-5.7.1 ", "550-5.7.1 ", "550 5.7.1 "], reply.lines
        accepted(session.rset())


@suite.case("several lines kept from helo until MAIL")
def _(gate):
    gate.rules(replying("450 4.7.1 not now\\ncome back", "helo"))
    gate.play().refused("mail", "450 4.7.1 not now\ncome back")


@suite.case("every placeholder")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", "authenticated = true;",
                                "550 5.7.1 {client} {client_name} {helo} {user} {sender} {recipient} {listener}")))
    gate.play(lab.LAN, CLEAR.port, helo="pc.example", login="alice").refused(
        "rcpt", f"550 5.7.1 {lab.LAN} pc51.lan.example pc.example {gate.mta.login('alice')} {SENDER} {LOCAL} inbound")


@suite.case("addresses are shown as the client wrote them, without their angle brackets")
def _(gate):
    gate.rules(replying("550 5.7.1 {sender} to {recipient}"))
    for sender, recipient in (("Some.One@Example.ORG", f"INFO@{OURS}"), ('"some one"@example.org', f'"in fo"@{OURS}'),
                              ("", f"@other.example:info@{OURS}")):
        gate.play(sender=sender, recipients=[recipient]).refused("rcpt", f"550 5.7.1 {sender} to {recipient}")


@suite.case("an IPv6 client is shown as one writes it")
def _(gate):
    gate.rules(one(OPEN, refuse("mail", 'client = [ "::/0" ];', "550 5.7.1 {client}")))
    gate.play(lab.INTERNET6).refused("mail", f"550 5.7.1 {lab.INTERNET6}")


@suite.case("a % in the reply or in what is put into it stays a %")
def _(gate):
    gate.rules(replying("550 5.7.1 100% of {sender} for %s %d %n {recipient}"))
    gate.play(sender="a%sb%n%%d@example.org", recipients=[f"50%s@{OURS}"]).refused(
        "rcpt", f"550 5.7.1 100% of a%sb%n%%d@example.org for %s %d %n 50%s@{OURS}")


# What must not come back to a client: bare CR, escape sequences, DEL, NEL, a line separator, a bidirectional mark, what
# is no UTF-8, and UTF-8 too.
HOSTILE = (b"a\r250 2.0.0 Ok", b"a\r550 5.7.1 forged", b"a\x01\x1b[31mb", b"\x1b[2J", b"a\x7fb", b"\tb\x0b",
           b"a\xc2\x85b", b"a\xe2\x80\xa8b", b"\xe2\x80\xaeb", b"\xe3\x81\x82", b"\xff\xfe", b"a\xe3\x81")


@suite.case("control bytes, 8-bit bytes and bare CR in addresses cannot forge a reply line")
def _(gate):
    gate.rules(replying("550 5.7.1 {sender} may not send", "mail"))
    with gate.connect() as session:
        session.ehlo()
        for local in HOSTILE:
            reply = session.command(b'MAIL FROM:<"' + local + b'"@example.org>')
            assert reply.code in (500, 501, 550, 553), reply.lines
            one_clean_line(reply, reply.code)
            accepted(session.rset())  # a line more or less would show here


@suite.case("so in the recipient and in the name given with EHLO")
def _(gate):
    gate.rules(replying("550 5.7.1 {helo} may not write to {recipient}"))
    for octets in HOSTILE + (b"x%sy%n", b"{client}"):
        with gate.connect() as session:
            session.command(b"EHLO " + octets)
            accepted(session.mail(SENDER))
            for recipient in (b"info", b'"' + octets + b'"'):
                reply = session.command(b"RCPT TO:<" + recipient + b"@example.net>")
                assert reply.code in (500, 501, 550, 553), reply.lines
                one_clean_line(reply, reply.code)
                accepted(session.command("NOOP"))


@suite.case("nothing that a client sends becomes a placeholder")
def _(gate):
    gate.rules(replying("550 5.7.1 {sender} and {recipient}"))
    gate.play(sender="{client}@example.org", recipients=["{sender}{helo}@example.net"]).refused(
        "rcpt", "550 5.7.1 {client}@example.org and {sender}{helo}@example.net")


@suite.case("an address as long as SMTP takes it still gives one reply line that a client can read")
def _(gate):
    gate.rules(replying("550 5.7.1 {sender} {sender} {recipient} {recipient} is too much"))
    taken = 0
    for local, labels in product(("a" * 64, "b" * 200, "c%" * 100 + "c"), (3, 4)):
        with gate.connect() as session:
            session.ehlo()
            reply = session.mail(f"{local}@{'.'.join(['label' * 10] * labels)}.example")
            if gate.mta.refuses_itself(reply):
                continue
            accepted(reply)
            taken += 1
            one_clean_line(session.rcpt(f"{local}@{OURS}"), 550)
            accepted(session.rset())
    assert taken


@suite.case("hostile bytes do not forge a line of the log either")
def _(gate):
    gate.rules(one())
    with gate.connect() as session:
        session.ehlo("x\u0001y")
        accepted(session.mail(SENDER))
        session.command(b'RCPT TO:<"a\rrefused session=9 b\x1b[31m c"@example.com>')
        session.rcpt(RELAY)
    gate.daemon.await_line(f"refused .*{RELAY}", gate.daemon_mark)
    for line in gate.daemon.since(gate.daemon_mark):
        assert all(" " <= character <= "~" for character in line), repr(line)


@suite.case("quotes and spaces in what a client sends stay inside their field of a JSON log line")
def _(gate):
    gate.rules(one(), log="json")
    with gate.connect() as session:
        session.ehlo('a"b')
        accepted(session.mail('"quo\\"ted, \\\\ {}"@example.org'))
        session.rcpt('"x\\" stage=mail"@example.com')
    for line in gate.daemon.since(gate.daemon_mark):
        json.loads(line)


@suite.case("codes and enhanced codes of every class pass as they are written")
def _(gate):
    for words in ("550 5.1.1 no such user", "551 5.7.1 not here", "552 5.2.2 full", "553 5.1.8 bad sender",
                  "554 5.7.1 no", "450 4.2.0 busy", "451 4.7.1 later", "452 4.3.1 no room"):
        gate.rules(replying(words))
        gate.play().refused("rcpt", words)


@suite.case("two logins, two replies: {user} is who is logged in at that MAIL")
def _(gate):
    gate.rules(one('auth = { mode = "forbidden"; reply = "550 5.7.1 not you, {user}"; };'))
    for user in ("alice", "bob"):
        with gate.connect(port=CLEAR.port) as session:
            session.ehlo()
            accepted(session.auth("PLAIN", user, password(user)))
            refused(session.mail(SENDER), f"550 5.7.1 not you, {gate.mta.login(user)}")
