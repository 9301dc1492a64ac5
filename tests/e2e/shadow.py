"""Shadow rules: live sessions are judged by a second rule file too, which answers nobody."""

import json
import os
import re
import subprocess

import decisions as log_suite
from metrics import ADDRESS, counted
from rules import OPEN, OURS, one, refuse
from support import decisions, lab, wait
from support.gate import LOCAL, RELAY, SENDER, accepted
from support.suite import Suite

suite = Suite(__doc__)

SHADOW = "shadow.conf"  # beside the rule file, which names it so
NAMED = f'shadow = "{SHADOW}";'
METRICS = f'metrics = "{ADDRESS}";'
LINES_A_MINUTE = 20

CLOSED = one('relay = { mode = "only"; clients = []; };')

# Other than the decision log's rules in every stage, one way or the other.
OTHER = one('connection = { mode = "all-except"; clients = [ "192.0.2.0/24" ]; };',
            refuse("helo", 'client = [ "2001:db8::/32" ];', "450 4.7.0 {helo} lies"),
            refuse("mail", 'sender = [ "<>" ];'),
            refuse("data", "recipients_over = 1;", "550 5.7.1 too many"),
            f'relay = {{ mode = "only"; clients = [ "{lab.INTERNET}" ]; }};')

_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def judge_by(gate, rules, shadow, extra="", reload=False):
    """Puts the rules in force with that shadow: in a daemon that has counted nothing, or by a reload."""
    if gate.daemon is not None and gate.daemon.alive and not reload:
        gate.daemon.stop()
    if shadow is not None:
        gate.write_rules(shadow, name=SHADOW)
    gate.rules(f"{rules} {NAMED if shadow is not None else ''}", extra=extra)


def fields(line):
    return {name: value.strip('"') for name, value in _FIELD.findall(line)}


def differences(gate, mark=0):
    return [fields(line) for line in gate.daemon.since(mark) if re.match(r"shadow differs \w+=", line)]


def await_differences(gate, count, mark=0):
    return wait.until(lambda: len(found := differences(gate, mark)) >= count and found, f"{count} differences")


def judged():
    """Records that a shadow has judged, by what came of it."""
    found = {labels[0][1]: value for (name, labels), value in counted().items() if name == "sallyport_shadow_judged_total"}
    return found.get("same", 0), found.get("different", 0)


def await_judged(count):
    wait.until(lambda: sum(judged()) >= count, f"{count} records to be judged by the shadow")
    return judged()


def found_differences():
    """{labels: number} of the differences that were counted."""
    return {labels: value for (name, labels), value in counted().items() if name == "sallyport_shadow_differences_total"}


@suite.case("what the shadow refuses is accepted and arrives; the log tells it, and it is counted")
def _(gate):
    log = gate.directory / "told"
    judge_by(gate, one(OPEN), CLOSED, f'{METRICS} decisions = "{log}";')
    gate.play(recipients=(LOCAL, RELAY), deliver=True).accepted()
    difference, = await_differences(gate, 1, gate.daemon_mark)
    line, = decisions.awaited(log, 1)
    assert line["verdict"] == "accept" and line["session"] == difference["session"], line
    told = {name: difference.get(name) for name in ("listener", "stage", "client", "sender", "recipient", "verdict",
                                                    "shadow_verdict", "shadow_rule", "shadow_reply")}
    assert told == {"listener": "inbound", "stage": "rcpt", "client": lab.INTERNET, "sender": SENDER,
                    "recipient": RELAY, "verdict": "accept", "shadow_verdict": "reject", "shadow_rule": "relay",
                    "shadow_reply": f"550 5.7.1 Unable to relay for {RELAY}"}, difference
    assert difference["by"].startswith(f"{gate.rule_file}:"), difference
    assert difference["shadow_by"].startswith(f"{gate.directory}/{SHADOW}:"), difference
    assert await_judged(1) == (0, 1)
    assert found_differences() == {(("listener", "inbound"), ("direction", "inbound"), ("stage", "rcpt"),
                                    ("verdict", "accept"), ("shadow_verdict", "reject"),
                                    ("shadow_rule", "relay")): 1}
    assert sorted(recipient for _, recipients in gate.delivered() for recipient in recipients) == sorted([LOCAL, RELAY])


@suite.case("a shadow that says the same finds no difference in sessions of every kind")
def _(gate):
    judge_by(gate, log_suite.RULES, log_suite.RULES, METRICS)
    for play in log_suite.PLAYS:
        gate.play(**play)
    same, different = await_judged(len(log_suite.PLAYS))
    assert (same, different) == (len(log_suite.PLAYS), 0), (same, different)
    assert found_differences() == {} and differences(gate) == []


@suite.case("what it finds is what replay finds in the decision log of the same sessions, by the same file")
def _(gate):
    log = gate.directory / "replayed"
    judge_by(gate, log_suite.RULES, OTHER, f'{METRICS} decisions = "{log}";')
    for play in log_suite.PLAYS:
        gate.play(**play)
    lines = decisions.awaited(log, len(log_suite.PLAYS))
    same, different = await_judged(len(lines))
    done = subprocess.run([gate.executable, "replay", "--json", "-c", gate.directory / SHADOW, log],
                          capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == "", done
    replayed = json.loads(done.stdout)
    assert (replayed["records"], replayed["different"]) == (same + different, different), (replayed, same, different)
    wanted = {}
    for each in replayed["differences"]:
        key = (("listener", each["listener"]), ("direction", "inbound"), ("stage", each["stage"]),
               ("verdict", each["old"]["verdict"]), ("shadow_verdict", each["new"]["verdict"]),
               ("shadow_rule", each["new"]["rule"] or ""))
        wanted[key] = wanted.get(key, 0) + each["count"]
    assert found_differences() == wanted, (found_differences(), wanted)
    assert {dict(key)["stage"] for key in wanted} >= {"mail", "rcpt", "data"}, wanted
    assert {(dict(key)["verdict"], dict(key)["shadow_verdict"]) for key in wanted} >= {
        ("accept", "reject"), ("accept", "tempfail"), ("reject", "accept")}, wanted


@suite.case("a shadow needs neither a decision log nor metrics")
def _(gate):
    judge_by(gate, one(OPEN), one(refuse("mail", 'sender = [ "someone@" ];')))
    gate.play(deliver=True).accepted()
    difference, = await_differences(gate, 1, gate.daemon_mark)
    assert (difference["recipient"], difference["shadow_rule"]) == (LOCAL, "mail[1]"), difference


@suite.case("a stage that only the shadow asks about is told, so that it can judge a message that breaks off there")
def _(gate):
    judge_by(gate, one(OPEN), one(OPEN, refuse("data", "recipients_over = 1;")), METRICS)
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        for recipient in (LOCAL, f"sales@{OURS}"):
            accepted(session.rcpt(recipient))
        accepted(session.command("DATA"))
    difference, = await_differences(gate, 1, gate.daemon_mark)
    assert (difference["stage"], difference["shadow_verdict"]) == ("data", "reject"), difference


@suite.case("a client that was refused and says no MAIL, and that the shadow welcomes, is a difference")
def _(gate):
    judge_by(gate, one(f'connection = {{ mode = "all-except"; clients = [ "{lab.INTERNET}" ]; }};'), one(OPEN), METRICS)
    with gate.connect() as session:
        session.ehlo()
        session.quit()
    difference, = await_differences(gate, 1, gate.daemon_mark)
    assert "sender" not in difference and "message" in difference, difference
    assert (difference["stage"], difference["verdict"], difference["shadow_verdict"]) == ("mail", "reject", "accept")


@suite.case("a reload brings another shadow, and takes it away; a session keeps the one that it began with")
def _(gate):
    judge_by(gate, one(OPEN), one(OPEN), METRICS)
    before = judged()
    generation = "sallyport_shadow_generation", ()
    with gate.connect() as session:
        session.ehlo()
        mark = gate.daemon.mark()
        judge_by(gate, one(OPEN), CLOSED, METRICS, reload=True)
        line = gate.daemon.await_line("^reloaded ", mark)
        assert fields(line)["shadow"] == f"{gate.directory}/{SHADOW}" and len(fields(line)["shadow_digest"]) == 64, line
        assert counted()[generation] == counted()["sallyport_rules_generation", ()]
        accepted(session.mail(SENDER))
        accepted(session.rcpt(RELAY))
        session.rset()
        session.quit()
    assert await_judged(sum(before) + 1)[1] == before[1], "judged by the shadow that the session began with"
    gate.play(recipients=(RELAY,), deliver=True).accepted()
    difference, = await_differences(gate, 1, mark)
    assert difference["recipient"] == RELAY
    count = sum(judged())
    mark = gate.daemon.mark()
    judge_by(gate, one(OPEN), None, METRICS, reload=True)
    assert "shadow" not in fields(gate.daemon.await_line("^reloaded ", mark))
    assert counted()[generation] == 0
    gate.play(recipients=(RELAY,), deliver=True).accepted()
    judge_by(gate, one(OPEN), one(OPEN), METRICS, reload=True)
    gate.play(deliver=True).accepted()
    assert sum(await_judged(count + 1)) == count + 1 and differences(gate, mark) == []


@suite.case("a shadow with an error is none: the log says where the error is, and the rules are taken without it")
def _(gate):
    missing = "sallyport_shadow_missing", ()
    judge_by(gate, one(OPEN), one(OPEN), METRICS)
    gate.write_rules("local_domains = 7;", name=SHADOW)
    gate.write_rules(f"{CLOSED} {NAMED}", extra=METRICS)
    assert counted()[missing] == 0
    mark = gate.daemon.mark()
    assert gate.daemon.reload()[1]
    said = gate.daemon.since(mark)
    assert any(f"{gate.directory}/{SHADOW}:1: error: " in line for line in said), said
    assert any("error: the shadow was not loaded" in line for line in said), said
    assert (counted()[missing], counted()["sallyport_shadow_generation", ()]) == (1, 0)
    gate.play(recipients=(RELAY,)).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    assert "its shadow could not be loaded" in gate.daemon.notifications[-1], gate.daemon.notifications
    assert sum(judged()) == 0
    judge_by(gate, one(OPEN), one(OPEN), METRICS, reload=True)
    gate.play(deliver=True).accepted()
    assert await_judged(1) == (1, 0) and counted()[missing] == 0


@suite.case("a shadow that is not there does not keep the daemon from starting")
def _(gate):
    gate.daemon.stop()
    (gate.directory / SHADOW).unlink(missing_ok=True)
    gate.rules(f"{one(OPEN)} {NAMED}")
    gate.play(deliver=True).accepted()
    said = gate.daemon.since(gate.daemon_mark)
    assert any(f"{gate.directory}/{SHADOW}: error: cannot read" in line for line in said), said
    assert "its shadow could not be loaded" in gate.daemon.notifications[-1], gate.daemon.notifications


@suite.case("rules that fail to load change nothing, and the shadow stays as well")
def _(gate):
    judge_by(gate, one(OPEN), CLOSED, METRICS)
    gate.write_rules(one(OPEN), name=SHADOW)
    gate.write_rules(f"nonsense {NAMED}", extra=METRICS)
    assert not gate.daemon.reload()[1]
    gate.play(recipients=(RELAY,)).accepted()
    await_differences(gate, 1, gate.daemon_mark)


@suite.case("the shadow's own settings for a daemon say nothing, and neither do its promises; its own shadow is none")
def _(gate):
    promise = 'never = ( { relay = true; authenticated = false; } ); decisions = "/nowhere/decisions";'
    (gate.directory / SHADOW).write_text(f'{one(OPEN)} {promise} {NAMED} socket = "unix:/nowhere/socket"; user = "root";')
    gate.rules(f"{CLOSED} {NAMED}", extra=METRICS)
    gate.play(recipients=(RELAY,)).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    difference, = await_differences(gate, 1, gate.daemon_mark)
    assert (difference["verdict"], difference["shadow_verdict"]) == ("reject", "accept"), difference


@suite.case("of many differences the log tells the first of a minute, and counts the others; at the end at the latest")
def _(gate):
    judge_by(gate, one(OPEN), CLOSED, METRICS)
    mark = gate.daemon.mark()
    recipients = [f"user{number}@example.com" for number in range(LINES_A_MINUTE + 5)]
    gate.play(recipients=recipients).accepted()
    assert await_judged(1) == (0, 1)
    assert sum(found_differences().values()) == len(recipients)
    gate.daemon.stop()
    assert len(differences(gate, mark)) == LINES_A_MINUTE
    assert any(re.match("shadow differs so many times more within a minute more=5$", line)
               for line in gate.daemon.since(mark)), gate.daemon.since(mark)
    gate.rules(one(OPEN))


@suite.case("where the disk of the decision log hangs the shadow goes on")
def _(gate):
    pipe = gate.directory / "hanging"
    os.mkfifo(pipe)
    os.chmod(pipe, 0o666)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    judge_by(gate, one(OPEN), CLOSED, f'{METRICS} decisions = "{pipe}";')
    recipients = [f"user{number:03}@example.com" for number in range(60)]
    for _ in range(20):  # far more than a pipe holds
        gate.play(recipients=recipients)
    assert await_judged(20) == (0, 20)
    gate.daemon.stop()
    assert any("records that the decision log did not take" in line for line in gate.daemon.lines), gate.daemon.lines
    os.close(reader)
    gate.rules(one(OPEN))
