"""SIGHUP: the new file for new sessions, the old rules where the file is broken."""

import json
import os
import signal
from pathlib import Path

from rules import OPEN, one, refuse
from support import wait
from support.gate import LOCAL, RELAY, SENDER, accepted, refused
from support.suite import Suite

suite = Suite(__doc__)


def marked(mark):
    """Rules that name themselves at MAIL and at RCPT."""
    return one(OPEN, refuse("mail", 'sender = [ "refused@" ];', f"550 5.7.1 rules {mark} at mail"),
               refuse("rcpt", 'recipient = [ "refused@" ];', f"550 5.7.1 rules {mark} at rcpt"))


def judged_by(session, mark):
    refused(session.mail("refused@example.org"), f"550 5.7.1 rules {mark} at mail")
    accepted(session.mail(SENDER))
    refused(session.rcpt("refused@example.com"), f"550 5.7.1 rules {mark} at rcpt")
    accepted(session.rset())


@suite.case("the next session has the new rules")
def _(gate):
    for mark in ("A", "B", "A"):
        gate.rules(marked(mark))
        with gate.connect() as session:
            session.ehlo()
            judged_by(session, mark)


@suite.case("a reload in mid session keeps the old rules for that session, wherever it stands")
def _(gate):
    gate.rules(marked("old"))
    begun, greeted, in_mail, in_rcpt = (gate.connect() for _ in range(4))
    for session in (greeted, in_mail, in_rcpt):
        session.ehlo()
    for session in (in_mail, in_rcpt):
        accepted(session.mail(SENDER))
    accepted(in_rcpt.rcpt(LOCAL))
    gate.rules(marked("new"))
    for session in (in_mail, in_rcpt):
        refused(session.rcpt("refused@example.com"), "550 5.7.1 rules old at rcpt")
        accepted(session.rset())
    begun.ehlo()
    for session in (begun, greeted, in_mail, in_rcpt):
        judged_by(session, "old")
        session.close()
    with gate.connect() as session:
        session.ehlo()
        judged_by(session, "new")


@suite.case("a session that saw many reloads still has the rules that it began with")
def _(gate):
    gate.rules(marked("first"))
    with gate.connect() as session:
        session.ehlo()
        for number in range(20):
            gate.rules(marked(f"number {number}"))
            judged_by(session, "first")


@suite.case("the message of a session that began before the reload is delivered")
def _(gate):
    gate.rules(marked("old"))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(RELAY))
        assert session.command("DATA").code == 354
        gate.rules(one('connection = { mode = "only"; };'))
        accepted(session.message("Subject: late\n\nLate.\n"))
    assert gate.delivered() == [(SENDER, [RELAY])]


@suite.case("it is logged: the file, and a generation that counts up")
def _(gate):
    gate.rules(marked("A"))
    numbers = []
    for mark in "BC":
        gate.write_rules(marked(mark))
        line, _ = gate.daemon.reload()
        assert line.startswith("reloaded ") and str(gate.rule_file) in line, line
        numbers.append(int(line.split("generation=")[1].split()[0]))
    assert numbers[1] == numbers[0] + 1, numbers


@suite.case("table files are read again")
def _(gate):
    table = gate.directory / "blocked.networks"
    table.write_text("198.51.100.0/24\n")
    text = one('connection = { mode = "all-except"; clients = [ "@blocked" ]; };',
               tables='networks = { blocked = { file = "blocked.networks"; }; };')
    gate.rules(text)
    gate.play().accepted()
    table.write_text("203.0.113.0/24\n")
    gate.rules(text)
    gate.play().refused("mail", "550 5.7.1 Access denied for 203.0.113.10")


BROKEN = {
    "a syntax error": ('listeners = (\n { name = "x";\n   direction = ; } );', 3),
    "an unknown setting":
        ('listeners = ( { name = "x"; direction = "inbound";\n\n  relai = { mode = "only"; }; } );', 3),
    "host bits in a network": ('networks = {\n  lan = [ "192.0.2.7/24" ];\n};\nlisteners = ( );', 2),
    "an example that comes out otherwise":
        ('listeners = ( { name = "inbound"; direction = "inbound"; } );\nexpect = (\n'
         '{ listener = "inbound"; client = "192.0.2.1"; recipient = "a@b.example"; verdict = "accept"; } );', 3),
}

for what, (text, number) in BROKEN.items():
    @suite.case(f"{what}: the old rules stay, the log says what is wrong at which line")
    def _(gate, text=text, number=number):
        gate.rules(marked("old"))
        gate.write_rules(text)
        mark = gate.daemon.mark()
        line, succeeded = gate.daemon.reload()
        assert not succeeded and str(gate.rule_file) in line and "stay" in line, line
        errors = [each for each in gate.daemon.since(mark) if ": error: " in each]
        assert errors and any(f"test.conf:{number}: error: " in each for each in errors), errors
        with gate.connect() as session:
            session.ehlo()
            judged_by(session, "old")
        gate.rules(marked("mended"))
        with gate.connect() as session:
            session.ehlo()
            judged_by(session, "mended")


@suite.case("a file that is gone: the old rules stay")
def _(gate):
    gate.rules(marked("old"))
    gate.rule_file.unlink()
    line, succeeded = gate.daemon.reload()
    assert not succeeded, line
    with gate.connect() as session:
        session.ehlo()
        judged_by(session, "old")


@suite.case("a broken table file: named with its own line, the old rules stay")
def _(gate):
    table = gate.directory / "blocked.networks"
    table.write_text("198.51.100.0/24\n")
    text = one('connection = { mode = "all-except"; clients = [ "@blocked" ]; };',
               tables='networks = { blocked = { file = "blocked.networks"; }; };')
    gate.rules(text)
    table.write_text("# comment\n198.51.100.0/24\n203.0.113.10/24\n")
    mark = gate.daemon.mark()
    _, succeeded = gate.daemon.reload()
    assert not succeeded
    assert any("blocked.networks:3: error: " in line for line in gate.daemon.since(mark)), gate.daemon.since(mark)
    gate.play().accepted()


@suite.case("the log of reloads as JSON: every line an object, with file and line of what is wrong")
def _(gate):
    gate.rules(marked("old"), log="json")
    gate.write_rules('listeners = (\n  { name = "x"; direction = "up"; } );', log="json")
    _, succeeded = gate.daemon.reload()
    assert not succeeded
    gate.rules(marked("new"), log="json")
    entries = [json.loads(line) for line in gate.daemon.since(gate.daemon_mark)]
    wrong = [entry for entry in entries if entry["event"] == "diagnostic" and entry["severity"] == "error"]
    assert [(entry["file"], entry["line"]) for entry in wrong] == [(str(gate.rule_file), 2)], wrong
    (reloaded,) = (entry for entry in entries if entry["event"] == "reloaded")
    assert reloaded["generation"] == 2, reloaded


@suite.case("a setting that needs a restart: it says so and keeps the old value, the rules are taken")
def _(gate):
    gate.rules(marked("old"))
    other = f"unix:{gate.directory}/other.sock"
    gate.rule_file.write_text(f'{marked("new")}\nsocket = "{other}"; user = "nobody"; group = "postfix";\n')
    mark = gate.daemon.mark()
    _, succeeded = gate.daemon.reload()
    assert succeeded
    assert any("socket" in line and "restart" in line for line in gate.daemon.since(mark)), gate.daemon.since(mark)
    with gate.connect() as session:
        session.ehlo()
        judged_by(session, "new")


@suite.case("systemd is told: RELOADING=1, then READY=1, whether the file was good or not")
def _(gate):
    def told():
        """All of it so far, when what belongs to the reloads that are in the log has come."""
        reloads = sum(line.startswith("reload") for line in gate.daemon.since())
        wait.until(lambda: gate.daemon.notifications.count("READY=1") == 1 + reloads, "READY=1 for each reload")
        return [each for each in gate.daemon.notifications if each in ("RELOADING=1", "READY=1")]

    gate.rules(marked("A"))
    for text in (marked("B"), "listeners = (", marked("C")):
        before = len(told())
        gate.write_rules(text)
        gate.daemon.reload()
        assert told()[before:] == ["RELOADING=1", "READY=1"], told()[before:]


@suite.case("a burst of 200 signals in the middle of a session neither stops the daemon nor ends the session")
def _(gate):
    gate.rules(marked("old"))
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        gate.write_rules(marked("new"))
        for _number in range(200):
            os.kill(gate.daemon.pid, signal.SIGHUP)
        refused(session.rcpt("refused@example.com"), "550 5.7.1 rules old at rcpt")
        accepted(session.rcpt(RELAY))
        accepted(session.data())
    wait.until(lambda: gate.play(sender="refused@example.org").mail.words == "550 5.7.1 rules new at mail",
               "the new rules")
    assert gate.delivered() == [(SENDER, [RELAY])]


@suite.case("reloads of a large table leave no more memory in use than the first load did")
def _(gate):
    table = gate.rule_file.with_name("large.networks")
    table.write_text("".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(0, 600000, 3)))
    gate.rules(one(OPEN, 'connection = { mode = "all-except"; clients = [ "@large" ]; };',
                   tables=f'networks = {{ large = {{ file = "{table}"; }}; }};'))
    first = gate.daemon.resident_kib
    for _number in range(20):
        gate.daemon.reload()
    if not gate.sanitized:
        wait.until(lambda: gate.daemon.resident_kib - first < 2048, "the memory to be as much as it was")


@suite.case("the thread that reloads gives way to those that judge")
def _(gate):
    gate.rules(one(OPEN))
    tasks = Path(f"/proc/{gate.daemon.pid}/task").glob("*/stat")
    nice = [int(task.read_text().rpartition(")")[2].split()[16]) for task in tasks]
    assert sorted(nice) == [os.nice(0)] * (len(nice) - 1) + [10], nice
