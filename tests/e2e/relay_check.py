"""The manual relay check: helo, mail from, rcpt to, quit, from every place that matters."""

from rules import OURS
from support import lab
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.suite import Suite

suite = Suite(__doc__)

RULES = f"""
networks = {{
  lan    = [ "127.0.0.0/8", "::1", "172.16.0.0/16", "!@router" ];
  router = [ "{lab.ROUTER}" ];
}};
local_domains = [ "{OURS}" ];
listeners = ( {{
  name = "inbound"; direction = "inbound";
  match = {{ port = [ 25 ]; }};
  relay = {{ mode = "only"; clients = [ "@lan" ]; }};
}} );
"""

UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"


def check(gate, client):
    """The check as it is done by hand; returns the answer to the recipient."""
    gate.rules(RULES)
    with gate.connect(client) as session:
        accepted(session.greeting)
        accepted(session.command("helo localhost"))
        accepted(session.command(f"mail from:<{SENDER}>"))
        answer = session.command(f"rcpt to:<{RELAY}>")
        accepted(session.quit())
    return answer


def may_relay(gate, client):
    accepted(check(gate, client))
    gate.play(client, recipients=[RELAY], deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [RELAY])], gate.delivered()


def may_not_relay(gate, client):
    refused(check(gate, client), UNABLE)
    assert gate.delivered() == [], gate.delivered()


@suite.case("from 172.16.1.51, on the LAN, test@example.com is accepted and delivered")
def _(gate):
    may_relay(gate, lab.LAN)


@suite.case("from 172.16.1.11, the server itself, it is accepted and delivered")
def _(gate):
    may_relay(gate, lab.SERVER)


@suite.case("from 127.0.0.1 it is accepted and delivered")
def _(gate):
    may_relay(gate, "127.0.0.1")


@suite.case("from ::1 it is accepted and delivered")
def _(gate):
    may_relay(gate, "::1")


@suite.case("from the internet it is refused: 550 5.7.1 Unable to relay for test@example.com")
def _(gate):
    may_not_relay(gate, lab.INTERNET)


@suite.case("from the internet by IPv6 it is refused")
def _(gate):
    may_not_relay(gate, lab.INTERNET6)


@suite.case("from 172.16.1.1, behind which a router hides the internet, it is refused")
def _(gate):
    may_not_relay(gate, lab.ROUTER)


@suite.case("from the internet our own recipients are accepted and delivered")
def _(gate):
    gate.rules(RULES)
    gate.play(lab.INTERNET, deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [LOCAL])], gate.delivered()


@suite.case("a first recipient that is local does not let a second through that is relay")
def _(gate):
    gate.rules(RULES)
    outcome = gate.play(lab.INTERNET, recipients=[LOCAL, RELAY], deliver=True)
    accepted(outcome.rcpt[0])
    refused(outcome.rcpt[1], UNABLE)
    accepted(outcome.data)
    assert gate.delivered() == [(SENDER, [LOCAL])], gate.delivered()


@suite.case("nor does it the other way round, nor do the recipients after the refused one suffer")
def _(gate):
    gate.rules(RULES)
    outcome = gate.play(lab.INTERNET, recipients=[RELAY, LOCAL, "other@other.example", f"sales@{OURS}"], deliver=True)
    assert [reply.code for reply in outcome.rcpt] == [550, 250, 550, 250]
    assert gate.delivered() == [(SENDER, [LOCAL, f"sales@{OURS}"])], gate.delivered()


@suite.case("without a relay block a listener relays for nobody, 127.0.0.1 included")
def _(gate):
    gate.rules(f'local_domains = [ "{OURS}" ]; listeners = ( {{ name = "inbound"; direction = "inbound"; }} );')
    for client in ("127.0.0.1", lab.LAN, lab.INTERNET):
        gate.play(client, recipients=[RELAY]).refused("rcpt", UNABLE)
        gate.play(client).accepted()


@suite.case("without local_domains every recipient is relay")
def _(gate):
    gate.rules('listeners = ( { name = "inbound"; direction = "inbound"; } );')
    gate.play().refused("rcpt", f"550 5.7.1 Unable to relay for {LOCAL}")
