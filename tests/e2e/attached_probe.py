"""The settings that contrib/ ships for each MTA, tried by the probe from outside."""

from support import lab
from support.attached import AttachedPostfix, AttachedSendmail
from support.gate import EXAMPLES
from support.mta import OURS, REMOTE, SUBMISSION
from support.prober import CLOSED, OPEN, Prober
from support.suite import Suite

suite = Suite(__doc__, mtas=(AttachedPostfix, AttachedSendmail))


def probe(gate, client, target):
    prober = Prober(gate.executable)
    gate.transcripts.append(prober.transcript)
    return prober.run(target, "--domain", OURS, client=client)


def closed(gate, client, target=lab.SERVER):
    """Asserts that the probe finds the target closed, without a doubt."""
    findings = probe(gate, client, target)
    through = [attempt for each in findings.object["passes"] for attempt in each["attempts"]
               if attempt["result"] not in ("refused", "not-tried")]
    assert (findings.status, findings.object["verdict"]) == (CLOSED, "closed"), f"{client} to {target}: {through}"


for path in sorted(EXAMPLES.glob("*.conf")):
    @suite.case(f"with {path.name} in force port 25 is closed to outsiders")
    def _(gate, name=path.name):
        gate.example(name)
        closed(gate, lab.INTERNET)
        assert gate.delivered() == []


@suite.case("with gateway.conf in force every port is closed, to the router and over IPv6, too")
def _(gate):
    gate.example("gateway.conf")
    closed(gate, lab.ROUTER)
    closed(gate, lab.INTERNET6, f"[{lab.SERVER6}]:25")
    for port in (SUBMISSION.port, REMOTE.port):
        closed(gate, lab.INTERNET, f"{lab.SERVER}:{port}")


@suite.case("the milter taken out: port 25 is as closed to outsiders and to the router, and open to the LAN")
def _(gate):
    with gate.mta.changed("bypassed"):
        closed(gate, lab.INTERNET)
        closed(gate, lab.ROUTER)
        assert probe(gate, lab.LAN, lab.SERVER).status == OPEN
