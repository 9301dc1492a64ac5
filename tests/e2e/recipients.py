"""Local or relay: what a recipient's address could do, whatever it looks like."""

from rules import HOLDS, OPEN, OURS, listener, one, refuse, rule_file
from support import lab
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.mta import VIRTUAL
from support.suite import Suite

suite = Suite(__doc__)

RELAY_IS_REFUSED = one('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; };')

BAD_RECIPIENT = "501 5.1.3 Bad recipient address syntax"
BAD_SENDER = "501 5.1.7 Bad sender address syntax"


def is_relay(gate, *recipients):
    for recipient in recipients:
        gate.play(recipients=[recipient]).refused("rcpt", f"550 5.7.1 Unable to relay for {recipient}", readable=False)


def is_local(gate, *recipients):
    for recipient in recipients:
        gate.play(recipients=[recipient]).accepted()


@suite.case("a domain of local_domains is local, in any case, with a dot at its end; all others are relay")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_local(gate, LOCAL, f"info@{OURS.upper()}", f"info@sub.{OURS}", f"info@{OURS}.")
    is_relay(gate, RELAY, f"info@not{OURS}", f"info@{OURS}.example.com", "info@localhost")


@suite.case("an internationalised domain of ours is local in both spellings, and another is not", needs={"smtputf8"})
def _(gate):
    gate.rules(one(local_domains='local_domains = [ "bücher.example", ".例え.jp" ];'))
    for recipient in ("info@bücher.example", "info@BÜCHER.example", "info@xn--bcher-kva.example", "info@a.例え.jp",
                      "info@a.xn--r8jz45g.jp"):
        gate.play(parameters=["SMTPUTF8"], recipients=[recipient]).accepted()
    for recipient in ("info@bucher.example", "info@büchse.example", "info@例え.jp.example.com"):
        outcome = gate.play(parameters=["SMTPUTF8"], recipients=[recipient])
        assert outcome.rcpt[0].code == 550 and "Unable to relay" in str(outcome.rcpt[0]), outcome.rcpt[0]


@suite.case("without angle brackets, and with parameters behind it, an address is the same")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    with gate.connect() as session:
        session.ehlo()
        accepted(session.command(f"MAIL FROM:<{SENDER}> BODY=8BITMIME SIZE=1000 RET=HDRS ENVID=x"))
        for line in (f"RCPT TO:{RELAY}", f"RCPT TO: <{RELAY}>", f"RCPT TO:<{RELAY}> NOTIFY=NEVER",
                     f"RCPT TO:<{RELAY}> ORCPT=rfc822;{LOCAL}", f"rcpt to:<{RELAY.upper()}>"):
            reply = session.command(line)
            assert reply.code == 550 and "Unable to relay" in str(reply), f"{line}: {reply}"
        accepted(session.command(f"RCPT TO:<{LOCAL}> ORCPT=rfc822;{RELAY} NOTIFY=NEVER"))


@suite.case("percent routing is relay: user%other@ours")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_relay(gate, f"test%example.com@{OURS}", f"test%example.com%{OURS}@{OURS}", f"%test@{OURS}")


@suite.case("bang routing is relay: other!user@ours")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_relay(gate, f"example.com!test@{OURS}", f"example.com!{OURS}!test@{OURS}", f"test!@{OURS}")


@suite.case("a source route is relay, even one that leads home")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_relay(gate, f"@{OURS}:test@example.com", f"@example.com:info@{OURS}", f"@{OURS}:info@{OURS}",
             f"@{OURS},@other.example:info@{OURS}")


@suite.case('quoting does not hide it: "user@other"@ours, "user%other"@ours, "other!user"@ours')
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_relay(gate, f'"test@example.com"@{OURS}', f'"test%example.com"@{OURS}', f'"example.com!test"@{OURS}',
             f'"test\\@example.com"@{OURS}')


@suite.case("an @ in the local part is relay: user@other@ours")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_relay(gate, f"test@example.com@{OURS}")


@suite.case("who may relay may use them all")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    for recipient in (RELAY, f"test%example.com@{OURS}", f"example.com!test@{OURS}", f"@{OURS}:test@example.com"):
        gate.play(lab.LAN, recipients=[recipient]).accepted()


@suite.case("none of the tricks gets a message out")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    tricks = [f"test%example.com@{OURS}", f"example.com!test@{OURS}", f"@{OURS}:test@example.com",
              f'"test@example.com"@{OURS}', f"test@example.com@{OURS}", f'"test%example.com"@{OURS}',
              "example.com!test"]
    outcome = gate.play(recipients=[LOCAL] + tricks, deliver=True)
    assert [reply.code // 100 for reply in outcome.rcpt] == [2] + [5] * len(tricks), [str(one) for one in outcome.rcpt]
    assert gate.delivered() == [(SENDER, [LOCAL])], gate.delivered()


@suite.case("a literal is local if it is the address that the client reached, else relay")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_local(gate, f"info@[{lab.SERVER}]")
    is_relay(gate, f"info@[{lab.SECOND_SERVER}]", "info@[192.0.2.1]", "info@[127.0.0.1]", f"info@[IPv6:{lab.SERVER6}]")
    gate.play(server=lab.SECOND_SERVER, recipients=[f"info@[{lab.SECOND_SERVER}]"]).accepted()
    gate.play(lab.LAN6, recipients=[f"info@[IPv6:{lab.SERVER6}]"]).accepted()
    gate.play(lab.LAN6, recipients=["info@[IPv6:2001:db8::25]"]).refused(
        "rcpt", "550 5.7.1 Unable to relay for info@[IPv6:2001:db8::25]")


@suite.case("an address without a domain is local")
def _(gate):
    gate.rules(RELAY_IS_REFUSED)
    is_local(gate, "postmaster", "info")


@suite.case("what the MTA resolves to a host that is not ours is relay, whatever the client wrote", needs={"origin"})
def _(gate):
    # Without a domain it is local; but the MTA makes of it an address at its own origin, which is not in local_domains.
    gate.rules(one(local_domains='local_domains = [ "elsewhere.example" ];'))
    is_local(gate, "info@elsewhere.example")
    outcome = gate.play(recipients=["info"])
    assert outcome.rcpt[0].code == 550 and OURS in str(outcome.rcpt[0]), outcome.rcpt[0]


@suite.case('resolved = "ignore": only what the client wrote counts')
def _(gate):
    gate.rules(one('resolved = "ignore";', local_domains='local_domains = [ "elsewhere.example" ];'))
    is_local(gate, "info@elsewhere.example", "info")
    is_relay(gate, RELAY, "test%example.com@elsewhere.example", "info@" + OURS)


# Ours, each, and each leads to an address that is not: by an entry, by a second one, by an entry for a whole domain.
VIRTUAL_ALIASES = (f"outward@{OURS}", f"onward@{OURS}", f"info@{VIRTUAL}")
ALIASED = f'local_domains = [ "{OURS}", "{VIRTUAL}" ];'
OUTSIDE = "someone@example.com"


@suite.case("a virtual alias that points outside: relay where the MTA resolves it before RCPT, as Sendmail does")
def _(gate):
    gate.rules(one(local_domains=ALIASED))
    for alias in VIRTUAL_ALIASES:
        outcome = gate.play(recipients=[alias], deliver=True)
        if gate.mta.resolves_aliases:
            refused(outcome.rcpt[0], f"550 5.7.1 Unable to relay for {OUTSIDE}")
            line = gate.daemon.await_line(f"recipient={alias} ", gate.daemon_mark)
            assert f"resolved={OUTSIDE}" in line, line
        else:
            outcome.accepted()
    sent = 0 if gate.mta.resolves_aliases else len(VIRTUAL_ALIASES)
    assert gate.delivered() == [(SENDER, [OUTSIDE])] * sent, gate.delivered()


@suite.case('a virtual alias that points outside: local with resolved = "ignore", and sent on')
def _(gate):
    gate.rules(one('resolved = "ignore";', local_domains=ALIASED))
    for alias in VIRTUAL_ALIASES:
        gate.play(recipients=[alias], deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [OUTSIDE])] * len(VIRTUAL_ALIASES), gate.delivered()
    is_relay(gate, RELAY, OUTSIDE, f"test%example.com@{OURS}", f"@{OURS}:test@example.com")


@suite.case("a virtual alias that points outside: who may relay may use it")
def _(gate):
    gate.rules(one('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; };', local_domains=ALIASED))
    for alias in VIRTUAL_ALIASES:
        gate.play(lab.LAN, recipients=[alias], deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [OUTSIDE])] * len(VIRTUAL_ALIASES), gate.delivered()


@suite.case("an alias of aliases(5) that points outside is local, and sent on: no MTA tells where it leads")
def _(gate):
    gate.rules(one(local_domains=ALIASED))
    gate.play(recipients=[f"forwarded@{OURS}"], deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [OUTSIDE])], gate.delivered()


@suite.case("relay = true and false see the tricks as relay")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", "relay = true;")))
    for recipient in (RELAY, f"test%example.com@{OURS}", f"example.com!test@{OURS}", f"@{OURS}:info@{OURS}"):
        gate.play(recipients=[recipient]).refused("rcpt", HOLDS)
    gate.play(recipients=[LOCAL]).accepted()


@suite.case("relay is asked of the address, not of its domain: a recipient entry still matches it")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", f'recipient = [ "info@{OURS}" ];')))
    gate.play(recipients=[f"@example.com:info@{OURS}"]).refused("rcpt", HOLDS)


@suite.case("an accepting rule at rcpt does not let a trick through")
def _(gate):
    gate.rules(one(f'rcpt = ( {{ recipient = [ "{OURS}" ]; verdict = "accept"; }} );'))
    is_local(gate, LOCAL)
    is_relay(gate, f"test%example.com@{OURS}", f'"test@example.com"@{OURS}', f"@{OURS}:info@{OURS}")


@suite.case("addresses that break RFC 5321 are read leniently")
def _(gate):
    gate.rules(rule_file(listener(refuse("rcpt", 'recipient = [ "docomo.ne.jp" ];'))))
    for recipient in ("foo..bar.@docomo.ne.jp", ".foo@docomo.ne.jp", "foo.@docomo.ne.jp", "a b@docomo.ne.jp"):
        with gate.connect() as session:
            session.ehlo()
            accepted(session.mail("foo..bar.@docomo.ne.jp"))
            reply = session.rcpt(recipient)
            assert reply.code >= 500, reply  # the rule, or an MTA that cannot read it
            if "it holds" not in str(reply):
                assert recipient == "a b@docomo.ne.jp", reply


@suite.case("not readable, recipient: 501 5.1.3 before any rule is asked")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", 'client = [ "0.0.0.0/0" ];')))
    for recipient in (f"info@{OURS}..", "info@[172.16.1.11", "info@", f"@{OURS}"):
        with gate.connect() as session:
            session.ehlo()
            accepted(session.mail(SENDER))
            reply = session.rcpt(recipient)
            assert reply.words == BAD_RECIPIENT or _the_mta_itself(reply), f"{recipient}: {reply}"
    # This one an MTA may pass on: it is ours to refuse then.
    outcome = gate.play(recipients=[f'"in\x01fo"@{OURS}']).refused("rcpt", BAD_RECIPIENT, readable=False)
    if not gate.mta.refuses_itself(outcome.rcpt[0]):
        gate.daemon.await_line('^refused .*stage=rcpt .*rule="syntax"', gate.daemon_mark)


@suite.case("not readable, sender: 501 5.1.7 before any rule is asked")
def _(gate):
    gate.rules(one(OPEN, refuse("mail", 'client = [ "0.0.0.0/0" ];')))
    for sender in ("someone@example.org..", "someone@[192.0.2.1", "someone@", "@example.org"):
        with gate.connect() as session:
            session.ehlo()
            reply = session.mail(sender)
            assert reply.words == BAD_SENDER or _the_mta_itself(reply), f"{sender}: {reply}"
    gate.play(sender='"some\x01one"@example.org').refused("mail", BAD_SENDER)
    gate.daemon.await_line('^refused .*stage=mail .*rule="syntax"', gate.daemon_mark)


@suite.case("an empty recipient gets nowhere")
def _(gate):
    gate.rules(one(OPEN))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        assert session.rcpt("").code in (501, 550, 553)


def _the_mta_itself(reply):
    """Did the MTA refuse it before any milter was asked?"""
    return reply.code in (501, 550, 553, 555) and "it holds" not in str(reply) and "5.7.1" not in str(reply)
