"""A refusal of each stage as the client sees it, and what the log says of it."""

import json
import re

from rules import HOLDS, OPEN, one, refuse
from support import lab
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import CLEAR, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

DEFAULT_REJECT = "550 5.7.1 Refused by policy"
DEFAULT_TEMPFAIL = "451 4.7.1 Try again later"


# A condition of each stage that any session meets, and where the client sees the refusal.
EVERY_STAGE = (("connect", 'client = [ "0.0.0.0/0" ];', "mail"), ("helo", 'helo = [ "/./" ];', "mail"),
               ("mail", "authenticated = false;", "mail"), ("rcpt", "relay = false;", "rcpt"),
               ("data", "recipients_over = 0;", "data"))


def offers_login(reply):
    assert {"AUTH", "STARTTLS"} <= set(reply.keywords), reply.keywords


@suite.case("connect: greeting and EHLO are answered, login and encryption offered, MAIL gets the rule's own words")
def _(gate):
    gate.rules(one(refuse("connect", f'client = [ "{lab.INTERNET}" ];')))
    with gate.connect(port=CLEAR.port) as session:
        assert session.greeting.code == 220, session.greeting
        offers_login(session.ehlo())
        accepted(session.auth("PLAIN", "alice", "alice-secret"))
        refused(session.mail(SENDER), HOLDS)
        assert session.rcpt(LOCAL).code == 503
        accepted(session.quit())
    gate.play(lab.LAN).accepted()


@suite.case("connect: every MAIL is refused, after RSET, STARTTLS and a new EHLO too")
def _(gate):
    gate.rules(one(refuse("connect", f'client = [ "{lab.INTERNET}" ];')))
    with gate.connect(port=CLEAR.port) as session:
        session.ehlo()
        refused(session.mail(SENDER), HOLDS)
        refused(session.mail("another@example.org"), HOLDS)
        accepted(session.rset())
        refused(session.mail(SENDER), HOLDS)
        accepted(session.starttls())
        accepted(session.ehlo("again.example"))
        refused(session.mail(SENDER), HOLDS)


@suite.case("connect: the kept refusal comes before anything else is judged, an unreadable sender included")
def _(gate):
    gate.rules(one(refuse("connect", f'client = [ "{lab.INTERNET}" ];'),
                   refuse("mail", 'authenticated = false;', "550 5.7.1 mail judged first")))
    with gate.connect() as session:
        session.ehlo()
        refused(session.mail('"some\x01one"@example.org'), HOLDS)
        refused(session.mail(SENDER), HOLDS)


@suite.case("helo: EHLO is answered, login and encryption still offered, MAIL gets the rule's own words")
def _(gate):
    gate.rules(one(refuse("helo", 'helo = [ "bad.example" ];')))
    with gate.connect(port=CLEAR.port) as session:
        offers_login(session.ehlo("bad.example"))
        accepted(session.auth("LOGIN", "alice", "alice-secret"))
        refused(session.mail(SENDER), HOLDS)
        refused(session.mail(SENDER), HOLDS)
        accepted(session.quit())


@suite.case("helo: a second EHLO is judged anew, for better and for worse")
def _(gate):
    gate.rules(one(refuse("helo", 'helo = [ "bad.example" ];')))
    with gate.connect() as session:
        session.ehlo("bad.example")
        refused(session.mail(SENDER), HOLDS)
        session.ehlo("good.example")
        accepted(session.mail(SENDER))
        accepted(session.rset())
        session.helo("bad.example")
        refused(session.mail(SENDER), HOLDS)


@suite.case("helo: the EHLO after STARTTLS is judged anew")
def _(gate):
    gate.rules(one(refuse("helo", 'helo = [ "bad.example" ];')))
    for first, second, expected in (("bad.example", "good.example", 250), ("good.example", "bad.example", 550)):
        with gate.connect(port=SUBMISSION.port) as session:
            session.ehlo(first)
            accepted(session.starttls())
            session.ehlo(second)
            assert session.mail(SENDER).code == expected


@suite.case("helo: the name given before STARTTLS is forgotten, not kept beside the new one")
def _(gate):
    gate.rules(one(refuse("rcpt", 'helo = [ "first.example" ]; recipient = [ "info@" ];')))
    with gate.connect(port=SUBMISSION.port) as session:
        session.ehlo("first.example")
        accepted(session.starttls())
        session.ehlo("second.example")
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))


@suite.case("helo: without HELO the stage is judged at MAIL; a condition on the name does not hold then")
def _(gate):
    by_client = 'helo = ( { client = [ "%s" ]; verdict = "reject"; reply = "%s"; } );' % (lab.INTERNET, HOLDS)
    gate.rules(one(by_client))
    gate.play(helo=None).refused("mail", HOLDS)
    gate.rules(one('helo = ( { helo = [ "/./" ]; verdict = "reject"; } );'))
    gate.play(helo=None).accepted()
    gate.play().refused("mail", DEFAULT_REJECT)


@suite.case("mail: the rule's own words; the next MAIL is judged by itself")
def _(gate):
    gate.rules(one(refuse("mail", 'sender = [ "bad@example.org" ];')))
    with gate.connect() as session:
        session.ehlo()
        refused(session.mail("bad@example.org"), HOLDS)
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))


@suite.case("rcpt: this recipient alone; without any other DATA has nobody to go to")
def _(gate):
    gate.rules(one(refuse("rcpt", 'recipient = [ "info@" ];')))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        refused(session.rcpt(LOCAL), HOLDS)
        assert session.command("DATA").code in (503, 554)
        accepted(session.rcpt("sales@example.net"))
        accepted(session.data())
    assert gate.delivered() == [(SENDER, ["sales@example.net"])]


@suite.case("data: refused before the message is sent; the next message is judged by itself")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    with gate.connect() as session:
        session.ehlo()
        for recipients, code in ((2, 550), (1, 250), (3, 550), (1, 250)):
            accepted(session.mail(SENDER))
            for number in range(recipients):
                accepted(session.rcpt(f"user{number}@example.net"))
            reply = session.data()
            assert reply.code == code, reply
            if code == 550:
                refused(reply, HOLDS)
                accepted(session.rset())
    assert len(gate.delivered()) == 2


@suite.case("data: BDAT is no way around it", needs={"bdat"})
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt("one@example.net"))
        accepted(session.rcpt("two@example.net"))
        session.send("BDAT 5 LAST")
        refused(session.command("abc"), HOLDS)
    assert gate.delivered() == []


@suite.case("tempfail: the rule's own 4xx words at every stage")
def _(gate):
    later = "450 4.7.0 come back in an hour"
    for stage, conditions, at in EVERY_STAGE:
        gate.rules(one(refuse(stage, conditions, later)))
        gate.play(deliver=True).refused(at, later)


@suite.case("without a reply: 550 5.7.1 Refused by policy, or 451 4.7.1 Try again later")
def _(gate):
    for stage, conditions, at in EVERY_STAGE:
        for verdict, words in (("reject", DEFAULT_REJECT), ("tempfail", DEFAULT_TEMPFAIL)):
            gate.rules(one(f'{stage} = ( {{ {conditions} verdict = "{verdict}"; }} );'))
            gate.play(deliver=True).refused(at, words)


@suite.case("the first rule that matches decides its stage")
def _(gate):
    gate.rules(one('mail = ( { sender = [ "friend@example.org" ]; verdict = "accept"; }, '
                   '{ sender = [ "example.org" ]; verdict = "reject"; reply = "550 5.7.1 first"; }, '
                   '{ sender = [ "foe@example.org" ]; verdict = "reject"; reply = "550 5.7.1 second"; } );'))
    gate.play(sender="friend@example.org").accepted()
    gate.play(sender="foe@example.org").refused("mail", "550 5.7.1 first")
    gate.play(sender="foe@example.com").accepted()


@suite.case("accept at one stage does not spare the later ones")
def _(gate):
    everybody = 'client = [ "0.0.0.0/0" ]; verdict = "accept";'
    gate.rules(one(f"connect = ( {{ {everybody} }} ); helo = ( {{ {everybody} }} ); mail = ( {{ {everybody} }} );",
                   f"rcpt = ( {{ {everybody} }} );", refuse("data", "recipients_over = 1;")))
    gate.play(recipients=[LOCAL, RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    gate.play(recipients=[LOCAL, "sales@example.net"], deliver=True).refused("data", HOLDS)


@suite.case("accept at rcpt speaks of local recipients only, unless it says relay = true")
def _(gate):
    gate.rules(one('rcpt = ( { client = [ "0.0.0.0/0" ]; verdict = "accept"; } );'))
    gate.play(recipients=[RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    gate.rules(one(f'rcpt = ( {{ client = [ "{lab.LAN}" ]; relay = true; verdict = "accept"; }} );'))
    gate.play(lab.LAN, recipients=[RELAY]).accepted()
    gate.play(recipients=[RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")


@suite.case("unless: the rule does not match where all its exemptions hold, and does where only some do")
def _(gate):
    gate.rules(one(OPEN, refuse("mail", 'sender = [ "example.org" ]; '
                                f'unless = {{ client = [ "{lab.LAN}" ]; helo = [ "pc.example" ]; }};')))
    gate.play(lab.LAN, helo="pc.example").accepted()
    gate.play(lab.LAN, helo="other.example").refused("mail", HOLDS)
    gate.play(lab.INTERNET, helo="pc.example").refused("mail", HOLDS)
    gate.play(lab.INTERNET, sender="someone@example.com").accepted()


@suite.case("log: one text line for a refusal, with session, listener, stage, rule, file and line")
def _(gate):
    gate.rules('\n\nlisteners = ( { name = "inbound"; direction = "inbound";\n'
               'rcpt = (\n { name = "no info"; recipient = [ "info@" ]; verdict = "reject"; } );\n } );')
    gate.play().refused("rcpt", DEFAULT_REJECT)
    line = gate.daemon.await_line("^refused ", gate.daemon_mark)
    for part in ("listener=inbound", "stage=rcpt", "verdict=reject", 'rule="no info"', f"client={lab.INTERNET}"):
        assert part in line, (part, line)
    assert re.search(r"session=\S", line) and re.search(r"by=\S*test\.conf:5\b", line), line
    assert len([one for one in gate.daemon.since(gate.daemon_mark) if one.startswith("refused ")]) == 1


@suite.case("log: the same as JSON, an object a line")
def _(gate):
    gate.rules('listeners = ( { name = "inbound"; direction = "inbound"; } );', log="json")
    gate.play(recipients=[RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    line = gate.daemon.await_line('"refused"', gate.daemon_mark)
    entry = json.loads(line)
    expected = {"event": "refused", "listener": "inbound", "stage": "rcpt", "verdict": "reject", "rule": "relay",
                "client": lab.INTERNET}
    assert {key: entry.get(key) for key in expected} == expected, line
    assert entry["session"] and entry["by"].endswith("test.conf:1"), line
    for each in gate.daemon.since(gate.daemon_mark):
        json.loads(each)


@suite.case("log: a kept refusal is logged when it is given, with the stage that refused")
def _(gate):
    gate.rules(one(refuse("connect", f'client = [ "{lab.INTERNET}" ];')))
    gate.play().refused("mail", HOLDS)
    line = gate.daemon.await_line("^refused ", gate.daemon_mark)
    assert "stage=connect" in line, line
