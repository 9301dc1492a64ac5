"""sallyport probe: what a server may do to it. No MTA takes part; each server is one of ours that misbehaves."""

import contextlib
import time

from support import credentials, lab
from support.prober import CLOSED, OPEN, UNDECIDED, probe, probe_plainly
from support.rogue import DROP, HANG, RESET, TLS_EHLO, Rogue
from support.suite import Suite

suite = Suite(__doc__)


@contextlib.contextmanager
def rogue(answers):
    server = Rogue(answers)
    try:
        yield server
    finally:
        server.close()


def bytes_without_end(_line, _number):
    while True:
        yield b"250-" + 4000 * b"x"


def lines_without_end(_line, _number):
    while True:
        yield b"250-x\r\n"


def drips(_line, _number):
    for byte in 100 * b"250-x\r\n":
        time.sleep(0.3)  # far below the client's limit, again and again
        yield bytes([byte])


FAULTS = (
    ("hangs before its greeting", {"greeting": HANG}, "did not answer in time"),
    ("hangs at EHLO", {"EHLO": HANG}, "did not answer in time"),
    ("hangs at MAIL", {"MAIL": HANG}, "did not answer in time"),
    ("hangs at RCPT", {"RCPT": HANG}, "did not answer in time"),
    ("hangs at DATA", {"DATA": HANG}, "did not answer in time"),
    ("drips", {"RCPT": drips}, "did not answer in time"),
    ("drops before its greeting", {"greeting": DROP}, "hung up"),
    ("drops at EHLO", {"EHLO": DROP}, "hung up"),
    ("drops at MAIL", {"MAIL": DROP}, "hung up"),
    ("drops at RCPT", {"RCPT": DROP}, "hung up"),
    ("drops at DATA", {"DATA": DROP}, "hung up"),
    ("resets the connection at MAIL", {"MAIL": RESET}, "hung up: Connection reset by peer"),
    ("greets with garbage", {"greeting": b"SSH-2.0-OpenSSH\r\n"},
     "answered with what is no SMTP reply: SSH-2.0-OpenSSH"),
    ("answers MAIL with garbage", {"MAIL": b"\0\x1b[2J\xff\r\n"}, "answered with what is no SMTP reply: ??[2J?"),
    ("sends a line without end", {"RCPT": bytes_without_end}, "answered with a line that does not end"),
    ("sends a reply without end", {"RCPT": lines_without_end}, "answered with a reply that does not end"),
    ("answers twice", {"MAIL": b"250 Ok\r\n550 No\r\n"}, "spoke out of turn"),
    ("answers RCPT before it was asked", {"MAIL": b"250 Ok\r\n250 Ok\r\n250 Ok\r\n"}, "spoke out of turn"),
    ("accepts DATA with 250", {"DATA": b"250 Ok\r\n"}, "250 Ok"),
    ("greets with 554", {"greeting": b"554 Go away\r\n"}, "554 Go away"),
    ("drops after STARTTLS", {"EHLO": TLS_EHLO, "STARTTLS": b"220 Go\r\n", "TLS": DROP, "RCPT": b"550 No\r\n"},
     ("failed to encrypt", "sent plaintext after its answer to STARTTLS")),  # as it comes after the handshake began, or before
    ("hangs after STARTTLS", {"EHLO": TLS_EHLO, "STARTTLS": b"220 Go\r\n", "TLS": HANG, "RCPT": b"550 No\r\n"},
     "did not answer in time"),
    ("injects plaintext behind its answer to STARTTLS",
     {"EHLO": TLS_EHLO, "STARTTLS": b"220 Go\r\n250 Ok\r\n", "RCPT": b"550 No\r\n"},
     "sent plaintext after its answer to STARTTLS"),
    ("answers the handshake in plaintext",
     {"EHLO": TLS_EHLO, "STARTTLS": b"220 Go\r\n", "TLS": b"250 Ok\r\n", "RCPT": b"550 No\r\n"},
     "failed to encrypt"),
)

for title, answers, words in FAULTS:
    @suite.case(f"a server that {title} is trouble, named, and in bounded time")
    def _(gate, answers=answers, words=words):
        with rogue(answers) as server:
            findings = probe(gate, server.target, "--timeout", "1")
            assert findings.status == UNDECIDED
            assert findings.object["verdict"] == "undecided"
            said = [one["words"] for one in findings.object["unreachable"]]
            for one in findings.object["passes"]:
                said += [one["why"]] + [attempt["words"] for attempt in one["attempts"]
                                        if attempt["result"] == "trouble"]
            assert any(word and word.startswith(words) for word in said), said
            assert findings.seconds < 40


@suite.case("a server that hangs is given up after three attempts, and the rest is not tried")
def _(gate):
    with rogue({"MAIL": HANG}) as server:
        findings = probe(gate, server.target, "--timeout", "1")
        assert len(findings.forms("trouble")) == 3
        assert findings.seconds < 20


@suite.case("greylisting, 421 and a greeting with 4xx decide nothing")
def _(gate):
    for answers in ({"RCPT": b"450 4.2.0 Greylisted\r\n"}, {"MAIL": b"421 4.3.2 Busy\r\n"},
                    {"greeting": b"421 Too many\r\n"}, {"DATA": b"451 4.7.1 Later\r\n"}):
        with rogue(answers) as server:
            findings = probe(gate, server.target, "--timeout", "5")
            assert findings.status == UNDECIDED
            assert bool(findings.object["passes"]) == ("greeting" not in answers)
            for one in findings.object["passes"][:1]:
                results = {attempt["result"] for attempt in one["attempts"]}
                assert results <= {"undecided", "not-tried"} and "undecided" in results


@suite.case("one form that goes through outweighs all that is undecided")
def _(gate):
    def rcpt(line, _number):
        return b"250 Ok\r\n" if "!" in line else b"450 Later\r\n"

    with rogue({"RCPT": rcpt}) as server:
        findings = probe(gate, server.target)
        assert findings.status == OPEN
        assert findings.forms("accepted") == {"bang-path", "bang-own", "bang-literal", "bang-chain", "bang-percent",
                                              "bang-percent-own", "quoted-bang-own"}


@suite.case("after 354 it hangs up, and says nothing that could be a message")
def _(gate):
    with rogue({}) as server:
        probe(gate, server.target)
        assert "DATA" in server.lines
        after = [server.lines[place + 1] for place, line in enumerate(server.lines[:-1]) if line == "DATA"]
        assert all(line.startswith(("EHLO", "HELO", "MAIL")) for line in after), after
        assert "." not in server.lines


@suite.case("a server that takes no ordinary mail either is noted")
def _(gate):
    with rogue({"MAIL": b"550 5.7.27 Sender has no MX\r\n"}) as server:
        done = probe_plainly(gate, server.target)
        assert done.returncode == CLOSED
        assert "It takes no ordinary mail either" in done.stdout


@suite.case("a port where nobody listens, and a name that does not exist, are trouble")
def _(gate):
    findings = probe(gate, f"{lab.SERVER}:2999")
    assert findings.status == UNDECIDED
    assert findings.object["unreachable"][0]["words"] == "cannot be reached: Connection refused"
    done = probe_plainly(gate, "nowhere.example")
    assert done.returncode == UNDECIDED
    assert "nowhere.example: Name or service not known" in done.stderr


@suite.case("a command line that makes no sense is refused before anything is said")
def _(gate):
    with rogue({}) as server:
        for options, complaint in (
                (("--timeout", "0"), "--timeout"), (("--timeout", "1e3"), "--timeout"),
                (("--recipient", "a@b.example\r\nDATA"), "--recipient"), (("--sender", "<>"), "--sender"),
                (("--local", "a b"), "--local"), (("--helo", "a\r\nb"), "--helo"), (("--domain", "nodot"), "--domain"),
                (("--login", "alice"), "go together"), (("--deliver",), "needs --recipient"),
                (("second.example",), "one server"), (("-6",), "family"), (("--frob",), "no option")):
            done = probe_plainly(gate, server.target, *options)
            assert done.returncode == UNDECIDED and complaint in done.stderr, (options, done.stderr)
        assert server.connections == 0


@suite.case("a password is sent in the clear, or to a certificate that nobody trusts, only with --insecure")
def _(gate):
    password = "AGFsaWNlAGFsaWNlLXNlY3JldA=="
    for ehlo, tls in ((b"250-rogue\r\n250 AUTH PLAIN\r\n", False),
                      (b"250-rogue\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", True)):
        with rogue({"EHLO": ehlo, "AUTH": b"235 Welcome\r\n", "RCPT": b"550 No\r\n"}) as server:
            for options, shown in (((), False), (("--insecure",), True)):
                findings = probe(gate, server.target, "--login", "alice", "--password-file", "-", *options,
                                 password=credentials.password("alice"))
                assert (f"AUTH PLAIN {password}" in server.lines) == shown
                assert (findings.one_pass(tls, "alice")["why"] is None) == shown
                assert findings.status == CLOSED
