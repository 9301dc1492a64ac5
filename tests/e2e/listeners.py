"""Which listener judges a connection."""

from rules import LOCAL_DOMAINS, OPEN, listener, one, refuse, rule_file
from support import lab
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import FRONT, INBOUND, REMOTE, SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

NO_POLICY = "451 4.3.5 No policy for this listener"


def named(name, match=""):
    """A listener that refuses every recipient, so that the reply names it."""
    return listener(refuse("rcpt", 'recipient = [ "/^/" ];', "550 5.7.1 here {listener} judges"),
                    name=name, match=match)


def judged_by(gate, name, **session):
    gate.play(**session).refused("rcpt", f"550 5.7.1 here {name} judges")


@suite.case("by the MTA's own name of its listener")
def _(gate):
    gate.rules(rule_file(named("one", f'daemon = [ "{INBOUND.name}" ];'),
                         named("two", f'daemon = [ "{REMOTE.name}", "x" ];')))
    judged_by(gate, "one", port=INBOUND.port)
    judged_by(gate, "two", port=REMOTE.port)


@suite.case("by the local address that the client reached")
def _(gate):
    gate.rules(rule_file(named("first", f'address = [ "{lab.SERVER}" ];'),
                         named("second", f'address = [ "{lab.SECOND_SERVER}" ];'),
                         named("six", 'address = [ "fd00::/16" ];'),
                         named("loop", 'address = [ "127.0.0.0/8", "::1" ];')))
    judged_by(gate, "first")
    judged_by(gate, "second", server=lab.SECOND_SERVER)
    judged_by(gate, "six", client=lab.LAN6)
    judged_by(gate, "loop", client="127.0.0.1")
    judged_by(gate, "loop", client="::1")
    judged_by(gate, "first", client=lab.SERVER)


@suite.case("by the local address, where the MTA has a socket for each")
def _(gate):
    gate.rules(rule_file(named("first", f'address = [ "{lab.SERVER}" ];'),
                         named("second", f'address = [ "{lab.SECOND_SERVER}" ];'),
                         named("six", f'address = [ "{lab.SERVER6}" ];'),
                         named("loop", 'address = [ "127.0.0.1" ];'), named("loop6", 'address = [ "::1" ];')))
    judged_by(gate, "first", port=REMOTE.port)
    judged_by(gate, "second", server=lab.SECOND_SERVER, port=REMOTE.port)
    judged_by(gate, "six", client=lab.INTERNET6, port=REMOTE.port)
    judged_by(gate, "loop", client="127.0.0.1", port=REMOTE.port)
    judged_by(gate, "loop6", client="::1", port=REMOTE.port)


@suite.case("by port")
def _(gate):
    gate.rules(rule_file(named("mx", "port = [ 25 ];"), named("submission", "port = [ 587, 60025 ];")))
    judged_by(gate, "mx", port=INBOUND.port)
    judged_by(gate, "submission", port=SUBMISSION.port)
    judged_by(gate, "submission", port=REMOTE.port)


@suite.case("all that a match gives must hold")
def _(gate):
    gate.rules(rule_file(named("both", f'port = [ 25 ]; address = [ "{lab.SECOND_SERVER}" ]; '
                               f'daemon = [ "{INBOUND.name}" ];'),
                         named("rest")))
    judged_by(gate, "both", server=lab.SECOND_SERVER)
    judged_by(gate, "rest", server=lab.SERVER)
    judged_by(gate, "rest", server=lab.SECOND_SERVER, port=REMOTE.port)


@suite.case("the first that matches, one without match at the end")
def _(gate):
    gate.rules(rule_file(named("mx", "port = [ 25 ];"), named("loopback", 'address = [ "127.0.0.1" ];'), named("rest")))
    judged_by(gate, "mx", client="127.0.0.1")
    judged_by(gate, "loopback", client="127.0.0.1", port=REMOTE.port)
    judged_by(gate, "rest", port=REMOTE.port)


@suite.case("none: every MAIL gets 451 4.3.5, and the log says which name, address and port came")
def _(gate):
    gate.rules(rule_file(named("mx", f'port = [ 25 ]; address = [ "{lab.SERVER}" ];')))
    with gate.connect(lab.LAN, REMOTE.port) as session:
        session.ehlo()
        refused(session.mail(SENDER), NO_POLICY)
        refused(session.mail(SENDER), NO_POLICY)
    line = gate.daemon.await_line(f"{REMOTE.port}", gate.daemon_mark)
    assert REMOTE.name in line and lab.SERVER in line, line
    gate.play(client="127.0.0.1").refused("mail", NO_POLICY)
    judged_by(gate, "mx")


def sent_by(gate, sender):
    """The recipients to whom mail of that sender went, each case having a sender of its own.

    What is refused to a program may be kept by the MTA and tried again: it is thrown away, and could not be told from
    a later case's if it slipped through.
    """
    gate.mta.discard_queue()
    return [recipients for each, recipients in gate.delivered() if each == sender]


@suite.case("local: mail that a program on the machine submits, nothing that comes by a connection", needs={"local"})
def _(gate):
    gate.rules(rule_file(listener('relay = { mode = "only"; clients = [ "127.0.0.1" ]; };', name="machine",
                                  match="local = true;"), named("rest")))
    gate.mta.submit("allowed@example.org", [RELAY])
    gate.mta.await_idle()
    assert sent_by(gate, "allowed@example.org") == [[RELAY]]
    judged_by(gate, "rest", client="127.0.0.1")


@suite.case("local: mail that a program submits by sendmail -bs, too", needs={"local"})
def _(gate):
    gate.rules(rule_file(listener('relay = { mode = "only"; clients = [ "127.0.0.1" ]; };',
                                  refuse("rcpt", 'recipient = [ "info@" ];'), name="machine", match="local = true;"),
                         named("rest")))
    gate.mta.submit_by_smtp("by-smtp@example.org", [RELAY])
    gate.mta.await_idle()
    assert sent_by(gate, "by-smtp@example.org") == [[RELAY]]
    gate.mta.submit_by_smtp("refused-by-smtp@example.org", [LOCAL])
    gate.daemon.await_line("^refused .*listener=machine stage=rcpt", gate.daemon_mark)
    assert sent_by(gate, "refused-by-smtp@example.org") == []


@suite.case("local: what its listener refuses is not sent", needs={"local"})
def _(gate):
    gate.rules(rule_file(listener('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; };', name="machine",
                                  match="local = true;"), named("rest")))
    gate.mta.submit("refused@example.org", [RELAY])
    line = gate.daemon.await_line("^refused ", gate.daemon_mark)
    assert "listener=machine" in line and "stage=rcpt" in line and "client=127.0.0.1" in line, line
    assert sent_by(gate, "refused@example.org") == []


@suite.case("local: its client is 127.0.0.1, its recipients local or relay as anybody's", needs={"local"})
def _(gate):
    gate.rules(rule_file(listener(refuse("rcpt", 'client = [ "127.0.0.1" ]; relay = true;'), OPEN, name="machine",
                                  match="local = true;")))
    gate.mta.submit("either@example.org", [LOCAL])
    gate.mta.await_idle()
    gate.mta.submit("either@example.org", [RELAY])
    gate.daemon.await_line("^refused .*listener=machine", gate.daemon_mark)
    assert sent_by(gate, "either@example.org") == [[LOCAL]]


@suite.case("local: without a listener for it nothing is sent, and the mail waits", needs={"local"})
def _(gate):
    gate.rules(rule_file(named("mx", "port = [ 25 ];"), named("loopback", 'address = [ "127.0.0.1" ];')))
    gate.mta.submit("waiting@example.org", [RELAY])
    gate.daemon.await_line("^refused .*451 4.3.5", gate.daemon_mark)
    assert sent_by(gate, "waiting@example.org") == []


@suite.case("local: a listener without match takes it too", needs={"local"})
def _(gate):
    gate.rules(one('relay = { mode = "only"; clients = [ "127.0.0.1" ]; };'))
    gate.mta.submit("anybody@example.org", [RELAY])
    gate.mta.await_idle()
    assert sent_by(gate, "anybody@example.org") == [[RELAY]]


@suite.case("a front that speaks for its clients: the address and port that it names choose", needs={"xclient"})
def _(gate):
    gate.rules(rule_file(named("second", f'address = [ "{lab.SECOND_SERVER}" ]; port = [ 25 ];'), named("rest")))
    with gate.connect(port=FRONT.port) as session:
        session.ehlo()
        accepted(session.command(f"XCLIENT ADDR={lab.LAN} DESTADDR={lab.SECOND_SERVER} DESTPORT=25"))
        session.ehlo()
        accepted(session.mail(SENDER))
        refused(session.rcpt(LOCAL), "550 5.7.1 here second judges")


@suite.case("a client whose address the front does not know is not let in", needs={"xclient"})
def _(gate):
    gate.rules(one(OPEN))
    with gate.connect(port=FRONT.port) as session:
        session.ehlo()
        accepted(session.command("XCLIENT ADDR=[UNAVAILABLE] NAME=[UNAVAILABLE]"))
        session.ehlo()
        assert session.mail(SENDER).code == 451  # of ours, or of an MTA that cannot even tell us


@suite.case("direction is a label: an outbound listener judges alike")
def _(gate):
    gate.rules(f'{LOCAL_DOMAINS} listeners = ( {{ name = "out"; direction = "outbound"; '
               f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; }}; }} );')
    gate.play(lab.LAN, recipients=[RELAY]).accepted()
    gate.play(lab.INTERNET, recipients=[RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
