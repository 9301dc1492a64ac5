"""Several messages, recipients and greetings on one connection: each is judged by what holds for it alone."""

from rules import HOLDS, OURS, one, refuse
from support import lab
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"
SALES = f"sales@{OURS}"


@suite.case("several messages on one connection, each with its own sender and recipients")
def _(gate):
    gate.rules(one(refuse("rcpt", 'sender = [ "bad@example.org" ]; recipient = [ "info@" ];')))
    with gate.connect() as session:
        session.ehlo()
        for sender, code in (("bad@example.org", 550), (SENDER, 250), ("bad@example.org", 550), (SENDER, 250)):
            accepted(session.mail(sender))
            assert session.rcpt(LOCAL).code == code
            accepted(session.rcpt(SALES))
            accepted(session.data())
    assert gate.delivered() == [("bad@example.org", [SALES])] * 2 + [(SENDER, [LOCAL, SALES])] * 2


@suite.case("RSET forgets the sender and the recipients, not the session")
def _(gate):
    gate.rules(one(refuse("rcpt", 'sender = [ "bad@example.org" ];'), refuse("data", "recipients_over = 1;")))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail("bad@example.org"))
        refused(session.rcpt(LOCAL), HOLDS)
        accepted(session.rset())
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        accepted(session.rset())
        accepted(session.mail(SENDER))
        accepted(session.rcpt(SALES))
        accepted(session.data())
    assert gate.delivered() == [(SENDER, [SALES])]


@suite.case("an EHLO in the middle of a message forgets it too")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;")))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        session.ehlo("again.example")
        accepted(session.mail(SENDER))
        accepted(session.rcpt(SALES))
        accepted(session.data())
    assert gate.delivered() == [(SENDER, [SALES])]


@suite.case("so does STARTTLS, where the MTA takes it there")
def _(gate):
    gate.rules(one(refuse("data", "recipients_over = 1;"), refuse("mail", 'helo = [ "client.example" ]; tls = true;')))
    with gate.connect(port=SUBMISSION.port) as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        if session.starttls().code == 220:
            session.ehlo("again.example")
            assert session.rcpt(LOCAL).code == 503
            accepted(session.mail(SENDER))
            accepted(session.rcpt(SALES))
            accepted(session.data())
            assert gate.delivered() == [(SENDER, [SALES])]


@suite.case("a declared size is that message's, not the next one's")
def _(gate):
    gate.rules(one(refuse("rcpt", "size_over = 5000;")))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER, "SIZE=6000"))
        refused(session.rcpt(LOCAL), HOLDS)
        accepted(session.rset())
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))


@suite.case("a refused message does not spoil the next, nor does an accepted one open it")
def _(gate):
    gate.rules(one(f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; }};'))
    with gate.connect() as session:
        session.ehlo()
        for recipient, code in ((LOCAL, 250), (RELAY, 550), (LOCAL, 250), (RELAY, 550)):
            accepted(session.mail(SENDER))
            assert session.rcpt(recipient).code == code
            if code == 250:
                accepted(session.data())
            else:
                accepted(session.rset())
    assert gate.delivered() == [(SENDER, [LOCAL])] * 2


@suite.case("a hundred recipients, every second of them relay")
def _(gate):
    gate.rules(one())
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        for number in range(50):
            accepted(session.rcpt(f"user{number:02}@{OURS}"))
            other = f"user{number:02}@example.com"
            refused(session.rcpt(other), f"550 5.7.1 Unable to relay for {other}")
        accepted(session.data())
    recipients = sorted(recipient for _, some in gate.delivered() for recipient in some)
    assert recipients == [f"user{number:02}@{OURS}" for number in range(50)]


@suite.case("commands sent without waiting are judged one by one")
def _(gate):
    gate.rules(one())
    with gate.connect() as session:
        session.ehlo()
        for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{LOCAL}>", f"RCPT TO:<{RELAY}>", f"RCPT TO:<{SALES}>", "DATA"):
            session.send(line)
        assert [session.reply().code for _ in range(5)] == [250, 250, 550, 250, 354]
        accepted(session.message("Subject: pipelined\n\n.\n"))
    assert gate.delivered() == [(SENDER, [LOCAL, SALES])]


@suite.case("a client that hangs up in mid message leaves nothing behind and disturbs nobody")
def _(gate):
    gate.rules(one())
    for _round in range(16):
        session = gate.connect()
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        assert session.command("DATA").code == 354
        session.close()
    gate.play(deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [LOCAL])]


@suite.case("sixteen clients at once that all hang up after a refused recipient disturb nobody")
def _(gate):
    gate.rules(one())
    sessions = [gate.connect() for _ in range(16)]
    for session in sessions:
        session.ehlo()
        accepted(session.mail(SENDER))
    for session in sessions:
        refused(session.rcpt(RELAY), UNABLE)
    for session in sessions:
        session.close()
    gate.play(deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [LOCAL])]


@suite.case("sixty sessions open at once, each with its own facts")
def _(gate):
    gate.rules(one(f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; }};',
                   refuse("mail", 'helo = [ "/^odd/" ]; sender = [ "odd@" ];', "550 5.7.1 {helo} from {client}")))
    clients = (lab.LAN, lab.INTERNET, lab.ROUTER)
    sessions = [gate.connect(clients[number % 3]) for number in range(60)]
    for number, session in enumerate(sessions):
        session.ehlo(f"{'odd' if number % 2 else 'even'}{number}.example")
    for number, session in enumerate(sessions):
        reply = session.mail("odd@example.org")
        if number % 2:
            refused(reply, f"550 5.7.1 odd{number}.example from {clients[number % 3]}")
            accepted(session.mail(SENDER))
    for number, session in enumerate(sessions):
        assert session.rcpt(RELAY).code == (250 if number % 3 == 0 else 550)
        session.close()


@suite.case("a message's content is passed on as it came")
def _(gate):
    gate.rules(one())
    body = "Subject: lines\n\n..dots\n.\n100% sure\n{client}\n"
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        accepted(session.data(body))
    (message,) = gate.sink.await_messages()
    assert message.body.endswith("\n\n..dots\n.\n100% sure\n{client}\n"), message.body
