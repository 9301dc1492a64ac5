"""sallyport probe: what it finds at a real MTA, closed by sallyport, or opened on purpose."""

from support import credentials, lab, open_relays
from support.gate import EXAMPLES, LOCAL, RELAY, SENDER
from support.mta import CLEAR, OURS, REMOTE, SUBMISSION
from support.prober import CLOSED, OPEN, UNDECIDED, probe, probe_plainly
from support.suite import Suite

suite = Suite(__doc__)

TARGET = lab.SERVER


def closed(findings):
    """Asserts that every form was refused, or could not be tried."""
    assert findings.status == CLOSED, findings.output
    assert findings.object["verdict"] == "closed"
    for encrypted in (False, True):
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


# Opened on purpose, each MTA in ways of its own.

def plays_each_way(gate):
    for way in open_relays.WAYS[gate.mta.name]:
        mta = open_relays.start(type(gate.mta), gate.sink, way)
        try:
            yield way, mta
        finally:
            mta.stop()


@suite.case("opened in any of several ways it is found open, by exactly the forms that go through")
def _(gate):
    for way, mta in plays_each_way(gate):
        findings = probe(gate, f"{TARGET}:{open_relays.PORT}")
        assert findings.status == OPEN, way.title
        for tls in (False, True):
            everything = {one["form"] for one in findings.one_pass(tls)["attempts"]}
            expected = everything - way.but if way.forms is None else way.forms
            assert findings.forms("accepted", tls) == expected, (way.title, findings.forms("accepted", tls) ^ expected)
            assert findings.forms("undecided", tls) | findings.forms("trouble", tls) == set(), way.title
        mta.await_idle()
        assert gate.sink.messages == [], way.title


@suite.case("the table for people names what went through, and says so last")
def _(gate):
    mta = open_relays.start(type(gate.mta), gate.sink, open_relays.WAYS[gate.mta.name][1])
    try:
        done = probe_plainly(gate, f"{TARGET}:{open_relays.PORT}")
    finally:
        mta.stop()
    lines = done.stdout.splitlines()
    assert done.returncode == OPEN
    assert any(line.startswith("  OPEN       local-sender: ") for line in lines)
    assert f"             MAIL FROM:<sallyport-probe@{OURS}>" in lines
    assert "             RCPT TO:<sallyport-probe@example.com>" in lines
    assert lines[-1] == f"OPEN: {TARGET}, port {open_relays.PORT}, relays mail for anybody."
    assert max(map(len, lines)) <= 80
    assert "\033" not in done.stdout
    assert done.stderr == f"sallyport probe: {TARGET}\n"


@suite.case("--deliver sends one message by the first form that went through, and its token arrives")
def _(gate):
    gate.example("relay-only-list.conf")
    findings = probe(gate, TARGET, "--recipient", RELAY, "--sender", SENDER, "--local", LOCAL, "--deliver", client=lab.LAN)
    delivery = findings.object["delivery"]
    assert findings.status == OPEN
    assert (delivery["form"], delivery["result"], delivery["mailbox"]) == ("plain", "accepted", RELAY)
    assert len(delivery["token"]) == 32
    gate.mta.await_idle()
    # The form second-message sends its first one to the local mailbox, in the clear and encrypted.
    assert gate.delivered() == sorted([(SENDER, [LOCAL]), (SENDER, [LOCAL]), (SENDER, [RELAY])])
    message = next(one for one in gate.sink.messages if RELAY in one.recipients)
    assert f"\nSubject: relay probe {delivery['token']}\n" in message.body
    assert f"\nX-Sallyport-Probe: {delivery['token']} plain\n" in message.body
    assert findings.attempt("second-message")["result"] == "accepted"


@suite.case("--deliver at a closed server sends nothing outside")
def _(gate):
    gate.example("relay-only-list.conf")
    findings = probe(gate, TARGET, "--recipient", RELAY, "--sender", SENDER, "--local", LOCAL, "--deliver")
    assert findings.status == CLOSED
    assert findings.object["delivery"] is None
    assert findings.attempt("second-message")["result"] == "refused"
    assert gate.delivered() == [(SENDER, [LOCAL])] * 2


# Logged in.

@suite.case("what a login may do is told apart, and does not make the server open")
def _(gate):
    gate.example("authenticated-users.conf")
    findings = probe(gate, f"{TARGET}:{SUBMISSION.port}", "--login", "alice", "--password-file", "-",
                     password=credentials.password("alice") + "\n")
    assert findings.status == CLOSED
    assert "plain" in findings.forms("accepted", tls=True, login="alice")
    assert findings.forms("accepted") | findings.forms("accepted", tls=True) == set()
    assert gate.delivered() == []


@suite.case("a login that fails is trouble, and its password is not printed")
def _(gate):
    gate.example("authenticated-users.conf")
    done = probe_plainly(gate, f"{TARGET}:{SUBMISSION.port}", "--login", "alice", "--password-file", "-",
                         password="guessed\n")
    assert done.returncode == UNDECIDED
    assert "535" in done.stdout and "guessed" not in done.stdout + done.stderr


@suite.case("all addresses of a name are tried, or those of one family")
def _(gate):
    gate.example("relay-only-list.conf")
    gate.resolver.addresses["both.example"] = [lab.SERVER, lab.SERVER6]
    for options, expected in (((), {lab.SERVER, lab.SERVER6}), (("-4",), {lab.SERVER}), (("-6",), {lab.SERVER6})):
        findings = probe(gate, "both.example", *options, client=None)
        assert {one["address"] for one in findings.object["passes"]} == expected
