"""The counters: what they say is what the decision log says, and what Prometheus understands."""

import collections
import os

import decisions as log_suite
from rules import OPEN, one, refuse
from support import collector, decisions, lab, wait
from support.gate import LOCAL, RELAY, accepted
from support.suite import Suite

_unpacked = []

suite = Suite(__doc__, prepare=lambda: _unpacked.append(collector.unpack()))

ADDRESS = "127.0.0.1:9894"
RULES = log_suite.RULES
EXTRA = f'metrics = "{ADDRESS}";'


def counted(address=ADDRESS):
    return collector.series(collector.fetch(address)[1])


def told(lines):
    """What the counters should say of these lines of a decision log."""
    wanted = collections.Counter()
    for line in lines:
        where = (("listener", line.get("listener", "")), ("direction", line.get("direction", "")))
        end = (("end", line["end"]),)
        if line["kind"] == "message":
            wanted["sallyport_messages_total", where + end] += 1
        if "size" in line:
            wanted["sallyport_declared_bytes_total", where + end] += line["size"]
        for step in line["stages"]:
            verdict = ("verdict", step["verdict"])
            wanted["sallyport_decisions_total",
                   where + (("stage", step["stage"]), verdict, ("rule", step.get("rule", "")))] += 1
            if step["stage"] == "rcpt":
                relay = ("relay", "true" if step["relay"] else "false")
                wanted["sallyport_recipients_total", where + (relay, verdict)] += 1
    return wanted


FROM_RECORDS = ("sallyport_messages_total", "sallyport_declared_bytes_total", "sallyport_decisions_total",
                "sallyport_recipients_total")


@suite.case("they are what the decision log says, to the last message, recipient and byte")
def _(gate):
    log = gate.directory / "counted"
    gate.rules(RULES, extra=f'{EXTRA} decisions = "{log}";')
    for play in log_suite.PLAYS * 3:
        gate.play(**play)
    lines = decisions.awaited(log, 3 * len(log_suite.PLAYS))
    found = {key: value for key, value in counted().items() if key[0] in FROM_RECORDS}
    assert found == told(lines), (found, told(lines))
    assert counted()["sallyport_decision_seconds_count", ()] == len(lines)
    assert counted()["sallyport_decision_log_lost_total", ()] == 0


@suite.case("they are counted without a decision log, too; sessions that send nothing are sessions")
def _(gate):
    gate.rules(RULES, extra=EXTRA)
    before = counted()
    where = (("listener", "inbound"), ("direction", "inbound"))
    gate.play(recipients=(LOCAL, RELAY))
    with gate.connect() as session:
        session.ehlo()
        wait.until(lambda: counted()["sallyport_sessions_open", ()] == 1, "the open session to be counted")
        session.quit()
    wait.until(lambda: counted()["sallyport_sessions_open", ()] == 0, "its end to be counted")
    after = counted()
    sessions = "sallyport_sessions_total", where
    assert after[sessions] - before.get(sessions, 0) == 2
    refused = "sallyport_recipients_total", where + (("relay", "true"), ("verdict", "reject"))
    assert after[refused] - before.get(refused, 0) == 1


@suite.case("Prometheus' own tool has nothing to say against them, before anything passed and after")
def _(gate):
    if gate.daemon is not None and gate.daemon.alive:
        gate.daemon.stop()
    promtool = _unpacked[0] / "usr/bin/promtool"
    gate.rules(one('mail = ( { name = "a \\"quoted\\\\ name"; sender = [ "spam@" ]; verdict = "reject"; } );'),
               extra=EXTRA)
    for sender in (None, "spam@example.org", "someone@example.org"):
        if sender:
            gate.play(sender=sender)
        kind, text = collector.fetch(ADDRESS)
        assert kind.startswith("text/plain; version=0.0.4"), kind
        complaints = collector.complaints(promtool, text)
        assert complaints == "", complaints
    assert '\\"quoted\\\\ name' in text, text


@suite.case("who accepts OpenMetrics gets it, with the same numbers")
def _(gate):
    gate.rules(RULES, extra=EXTRA)
    gate.play(deliver=True).accepted()
    wait.until(lambda: counted()["sallyport_sessions_open", ()] == 0, "the session to end")
    kind, text = collector.fetch(ADDRESS, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert kind.startswith("application/openmetrics-text; version=1.0.0"), kind
    assert text.endswith("# EOF\n") and "# TYPE sallyport_messages counter\n" in text, text
    assert collector.series(text) == counted()


@suite.case("reloads are counted by what came of them; generation and age are those of the rules in force")
def _(gate):
    gate.rules(RULES, extra=EXTRA)
    before = counted()
    gate.write_rules(one(OPEN), extra=EXTRA)
    gate.daemon.reload()
    gate.write_rules("nonsense", extra=EXTRA)
    gate.daemon.reload()
    after = counted()
    for outcome in ("success", "failure"):
        reloads = "sallyport_reloads_total", (("outcome", outcome),)
        assert after[reloads] - before.get(reloads, 0) == 1, outcome
    generation = "sallyport_rules_generation", ()
    loaded = "sallyport_rules_loaded_timestamp_seconds", ()
    assert after[generation] - before[generation] == 1
    assert after[loaded] > before[loaded]


@suite.case("no address, name or login of a client is a label")
def _(gate):
    gate.rules(RULES, extra=EXTRA)
    for play in log_suite.PLAYS:
        gate.play(**play)
    _, text = collector.fetch(ADDRESS)
    for word in ("203.0.113", "example", log_suite.USER, "172.16"):
        assert word not in text, word


@suite.case("an address that is taken: the daemon says so, and does not start")
def _(gate):
    gate.daemon.stop()
    gate.write_rules(RULES, extra='metrics = "10.9.9.9:9894";')
    gate.start_daemon(ready=False)
    assert gate.daemon.await_end() == os.EX_UNAVAILABLE
    assert any("cannot serve metrics at 10.9.9.9:9894: Cannot assign requested address" in line
               for line in gate.daemon.lines), gate.daemon.lines
    gate.rules(RULES)
