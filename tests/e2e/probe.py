"""sallyport probe: what it finds, and what it bears."""

from support import lab
from support.gate import EXAMPLES, RELAY, SENDER
from support.mta import CLEAR, FRONT, INBOUND, OURS, REMOTE, SUBMISSION
from support.prober import CLOSED, OPEN, UNDECIDED, Prober
from support.suite import Suite

suite = Suite(__doc__)

TARGET = lab.SERVER
OPTIONS = ("--domain", OURS)


def probe(gate, target=TARGET, *options, **session):
    """Runs it as an outsider; what it says is shown where the case fails."""
    prober = Prober(gate.executable)
    gate.transcripts.append(prober.transcript)
    return prober.run(target, *OPTIONS, *options, **session)


def probe_plainly(gate, target=TARGET, *options, **session):
    prober = Prober(gate.executable)
    gate.transcripts.append(prober.transcript)
    return prober.run_plainly(target, *OPTIONS, *options, **session)


def closed(findings, tls=True):
    """Asserts that every form was refused, or could not be tried."""
    assert findings.status == CLOSED, findings.output
    assert findings.object["verdict"] == "closed"
    for encrypted in (False, True) if tls else (False,):
        for result in ("accepted", "undecided", "trouble"):
            assert findings.forms(result, encrypted) == set(), (result, findings.forms(result, encrypted))
        assert len(findings.forms("refused", encrypted)) > 60
        assert findings.one_pass(encrypted)["control"]["result"] == "accepted"


# The outsider's place: where "all except" stands for a server that only the router reaches, the router's.
OUTSIDE = {"relay-all-except.conf": lab.ROUTER}

for example in sorted(path.name for path in EXAMPLES.glob("*.conf")):
    @suite.case(f"behind {example} an MTA that relays for anybody is closed to outsiders, encrypted or not")
    def _(gate, example=example):
        gate.example(example)
        closed(probe(gate, client=OUTSIDE.get(example, lab.INTERNET)))
        assert gate.delivered() == []


@suite.case("it is closed at its IPv6 address, too")
def _(gate):
    gate.example("relay-only-list.conf")
    closed(probe(gate, f"[{lab.SERVER6}]:25", client=lab.INTERNET6))


@suite.case("a port that demands a login is closed")
def _(gate):
    gate.example("gateway.conf")
    for port in (SUBMISSION.port, REMOTE.port):
        findings = probe(gate, f"{TARGET}:{port}")
        assert findings.status == CLOSED
        assert "530" in findings.attempt("plain", tls=True)["words"]


@suite.case("a port that puts everything off is not decided")
def _(gate):
    gate.example("gateway.conf")
    findings = probe(gate, f"{TARGET}:{CLEAR.port}")
    assert findings.status == UNDECIDED
    assert findings.object["verdict"] == "undecided"
    assert "451 4.3.5" in findings.attempt("plain")["words"]


@suite.case("whoever may relay finds it open; nothing is sent when DATA is accepted")
def _(gate):
    gate.example("relay-only-list.conf")
    findings = probe(gate, client=lab.LAN)
    assert findings.status == OPEN
    assert findings.object["verdict"] == "open"
    assert findings.attempt("plain")["result"] == "accepted"
    assert findings.attempt("plain")["words"].startswith("354 ")
    assert findings.attempt("plain")["rcpt"] == "RCPT TO:<sallyport-probe@example.com>"
    assert gate.delivered() == []
