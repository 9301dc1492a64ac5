"""The decision log: a line for each message and each refused session, whatever the disk does."""

import json
import os
import re
import shutil
import subprocess

from rules import OPEN, OURS, one, refuse
from support import decisions, lab, wait
from support.gate import LOCAL, RELAY, SENDER, accepted
from support.mta import SUBMISSION
from support.suite import Suite

suite = Suite(__doc__)

USER = "alice"

RULES = one('connection = { mode = "all-except"; clients = [ "198.51.100.0/24" ]; };',
            refuse("helo", 'helo = [ "liar.example" ];', "450 4.7.0 {helo} lies"),
            refuse("mail", 'sender = [ "spam@" ];'),
            refuse("data", "recipients_over = 2;"),
            f'relay = {{ mode = "only"; clients = [ "{lab.LAN}" ]; authenticated = true; }};')


# Sessions of every kind.
PLAYS = [
    dict(),
    dict(recipients=(RELAY,)),
    dict(client=lab.LAN, recipients=(RELAY, LOCAL), deliver=True),
    dict(client=lab.FORGED, recipients=(LOCAL, RELAY)),
    dict(client=lab.INTERNET6, recipients=(LOCAL, RELAY), deliver=True),
    dict(helo="liar.example"),
    dict(helo=None),
    dict(sender="spam@example.org"),
    dict(sender="", recipients=(f"a%b.example@{OURS}", f"@{OURS}:c@d.example", f"x!y@{OURS}", LOCAL)),
    dict(sender=f'"quoted user"@{OURS}', recipients=(f'"in fo"@{OURS}',)),
    dict(port=SUBMISSION.port, tls=True, login=USER, recipients=(RELAY,), deliver=True),
    dict(port=SUBMISSION.port, tls=True, recipients=(RELAY,)),
    dict(recipients=(LOCAL, f"sales@{OURS}", f"post@{OURS}"), deliver=True),
    dict(parameters=("SIZE=12345",)),
]


class Log:
    """The log of a case of its own."""

    _number = 0

    def __init__(self, gate, rules=RULES, directory=None):
        Log._number += 1
        self.path = (directory or gate.directory) / f"decisions-{Log._number}"
        self.gate = gate
        gate.rules(rules, extra=f'decisions = "{self.path}";')

    def lines(self, count):
        return decisions.awaited(self.path, count)


def play_all(gate, log):
    """Plays them all; returns their lines."""
    for play in PLAYS:
        gate.play(**play)
    return log.lines(len(PLAYS))


def replay(gate, rules, log):
    """Judges the log again by these rules; returns the exit status, and what was found."""
    path = gate.write_rules(rules, name="replay.conf")
    done = subprocess.run([gate.executable, "replay", "--json", "-c", path, log.path], capture_output=True, text=True)
    assert done.returncode in (0, 1) and done.stderr == "", done
    return done.returncode, json.loads(done.stdout)


@suite.case("a message is one line, with all that was used to decide and what came of it")
def _(gate):
    log = Log(gate)
    gate.play(port=SUBMISSION.port, login=USER, tls=True, parameters=("SIZE=5000",), recipients=(LOCAL, RELAY),
              deliver=True).accepted()
    line, = log.lines(1)
    told = {member: line[member] for member in ("v", "kind", "message", "generation", "listener", "direction", "daemon",
                                                "port", "client", "client_name", "helo", "mechanism", "size", "sender",
                                                "verdict", "end")}
    assert told == {"v": 1, "kind": "message", "message": 1, "generation": 1, "listener": "inbound",
                    "direction": "inbound", "daemon": "submission", "port": SUBMISSION.port, "client": lab.INTERNET,
                    "client_name": "mail.outside.example", "helo": "client.example", "mechanism": "PLAIN", "size": 5000,
                    "sender": SENDER, "verdict": "accept", "end": "accepted"}, told
    assert line["user"].split("@")[0] == USER and line["tls"] >= 128 and line["address"] == lab.SERVER, line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]), line
    assert re.fullmatch(r"[0-9a-f]{64}", line["digest"]) and line["microseconds"] < 1000000, line
    assert [(step["stage"], step["verdict"], step.get("recipient"), step.get("relay")) for step in line["stages"]] == [
        ("connect", "accept", None, None), ("helo", "accept", None, None), ("mail", "accept", None, None),
        ("rcpt", "accept", LOCAL, False), ("rcpt", "accept", RELAY, True), ("data", "accept", None, None)], line


@suite.case("the queue id is the MTA's own")
def _(gate):
    log = Log(gate)
    gate.play(deliver=True).accepted()
    line, = log.lines(1)
    assert any(line["queue"] in each for each in gate.mta.log), line


@suite.case("explain, given what a line has, decides as the line says: every stage, rule, place and word")
def _(gate):
    log = Log(gate)
    lines = play_all(gate, log)
    for line in lines:
        stages = decisions.explain(gate.executable, gate.rule_file, line)["stages"]
        if line["end"] == "abandoned" and stages[-1]["stage"] == "data":
            stages.pop()
        assert decisions.judged(stages) == decisions.judged(line["stages"]), (line, stages)


@suite.case("replay by the same rules finds nothing, however often they are loaded anew")
def _(gate):
    log = Log(gate)
    play_all(gate, log)
    gate.rules(RULES, extra=f'decisions = "{log.path}";')
    gate.play(client=lab.LAN, recipients=(RELAY,), deliver=True)
    log.lines(len(PLAYS) + 1)
    status, found = replay(gate, RULES, log)
    assert status == 0 and found["different"] == 0 and found["records"] == len(PLAYS) + 1, found
    assert found["hashed"] == found["no_rules"] == found["left_out"] == 0, found


@suite.case("replay without a relay rule finds exactly the sessions that used it")
def _(gate):
    log = Log(gate)
    used = [line for line in play_all(gate, log) if line["client"] == lab.LAN]
    recipients = [step["recipient"] for line in used for step in line["stages"] if step.get("relay")]
    assert recipients == [RELAY]
    status, found = replay(gate, RULES.replace(f'clients = [ "{lab.LAN}" ]', "clients = []"), log)
    difference, = found["differences"]
    assert status == 1 and found["different"] == difference["messages"] == difference["count"] == 1, found
    assert (difference["stage"], difference["relay"]) == ("rcpt", True), difference
    assert (difference["old"]["verdict"], difference["new"]["verdict"]) == ("accept", "reject"), difference
    assert difference["new"]["reply"] == f"550 5.7.1 Unable to relay for {RELAY}", difference
    example, = difference["examples"]
    assert (example["session"], example["recipient"]) == (used[0]["session"], RELAY), example


@suite.case("report counts what clients were told and what arrived, to the last message and recipient")
def _(gate):
    log = Log(gate)
    outcomes = [gate.play(**play) for play in PLAYS]
    log.lines(len(PLAYS))
    done = subprocess.run([gate.executable, "report", "--json", log.path], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done
    found = json.loads(done.stdout)
    told = found["total"]["inbound"]

    codes = [reply.code for outcome in outcomes for reply in outcome.rcpt if not gate.mta.refuses_itself(reply)]
    assert told["rcpt"] == {verdict: sum(code // 100 == first for code in codes)
                            for verdict, first in (("accept", 2), ("tempfail", 4), ("reject", 5))}, (told, codes)
    assert told["accepted"] == sum(bool(each.data) and each.data.code == 250 for each in outcomes), told
    assert told["recipients"] == sum(len(recipients) for _, recipients in gate.delivered()), told
    assert told["refused"] == sum(each.mail.code != 250 or all(reply.code != 250 for reply in each.rcpt) or
                                  bool(each.data) and each.data.code != 250 for each in outcomes), told
    assert told["accepted"] + told["refused"] + told["abandoned"] == len(PLAYS), told
    assert [(login["login"].split("@")[0], login["count"]) for login in found["logins"]["list"]] == [(USER, 1)], found
    clients = {client["client"]: client["count"] for client in found["clients"]["list"]}
    assert clients == {client: sum(play.get("client", lab.INTERNET) == client for play in PLAYS) for client in clients}


@suite.case("a client that connects, is refused and says nothing more is a line too; one that is welcome is none")
def _(gate):
    log = Log(gate, one('connection = { mode = "only"; clients = [ "203.0.113.0/24" ]; };'))
    with gate.connect() as session:
        session.ehlo()
        session.quit()
    with gate.connect(client=lab.LAN) as session:
        session.ehlo()
        session.quit()
    gate.play(client=lab.LAN)
    first, second = log.lines(2)
    assert (first["kind"], first["end"], first["client"]) == ("session", "refused", lab.LAN), first
    assert "sender" not in first and "message" not in first, first
    assert (second["kind"], second["end"]) == ("message", "refused"), second
    assert second["stages"][-1]["reply"] == f"550 5.7.1 Access denied for {lab.LAN}", second


@suite.case("a message that its client gives up is abandoned; one that is refused at DATA is refused")
def _(gate):
    log = Log(gate)
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        accepted(session.rset())
        accepted(session.mail(SENDER))
        for number in range(3):
            accepted(session.rcpt(f"user{number}@{OURS}"))
        assert session.command("DATA").code == 550
        session.quit()
    with gate.connect() as session:
        session.ehlo()
        accepted(session.mail(SENDER))
        accepted(session.rcpt(LOCAL))
        assert session.command("DATA").code == 354
    lines = log.lines(3)
    assert [line["end"] for line in lines] == ["abandoned", "refused", "abandoned"], lines
    assert [line["message"] for line in lines] == [1, 2, 1], lines


@suite.case("several messages of a session share its id, and are counted")
def _(gate):
    log = Log(gate)
    with gate.connect() as session:
        session.ehlo()
        for _ in range(3):
            accepted(session.mail(SENDER))
            accepted(session.rcpt(LOCAL))
            accepted(session.data())
    lines = log.lines(3)
    assert len({line["session"] for line in lines}) == 1, lines
    assert [line["message"] for line in lines] == [1, 2, 3], lines
    assert len({line["queue"] for line in lines}) == 3, lines


@suite.case("after a reload lines have the new generation, and its digest where the rules are other ones")
def _(gate):
    log = Log(gate)
    gate.play(deliver=True).accepted()
    gate.rules(RULES, extra=f'decisions = "{log.path}";')
    gate.play(deliver=True).accepted()
    gate.rules(one(OPEN), extra=f'decisions = "{log.path}";')
    gate.play(deliver=True).accepted()
    same, again, other = log.lines(3)
    assert [line["generation"] for line in (same, again, other)] == [1, 2, 3]
    assert same["digest"] == again["digest"] != other["digest"]


@suite.case("SIGHUP opens the file anew, as logrotate needs it; not a line is lost")
def _(gate):
    log = Log(gate)
    gate.play()
    log.lines(1)
    old = log.path.with_suffix(".1")
    log.path.rename(old)
    gate.play()
    wait.until(lambda: len(decisions.read(old)) == 2, "the line in the file that was renamed")
    gate.daemon.reload()
    gate.play()
    log.lines(1)
    assert len(decisions.read(old)) == 2


@suite.case("SIGTERM: what was judged is written before the daemon ends")
def _(gate):
    log = Log(gate)
    for _ in range(20):  # to their end: what is only given up is told when the MTA hangs up
        gate.play(deliver=True).accepted()
    assert gate.daemon.stop() == 0
    assert len(decisions.read(log.path)) == 20
    gate.start_daemon()


@suite.case("a full disk: mail goes on, the log says so, and what waited is written when there is room")
def _(gate):
    disk = gate.directory / "disk"
    disk.mkdir()
    lab.run("mount", "-t", "tmpfs", "-o", "size=16k,mode=777", "tmpfs", str(disk))
    try:
        log = Log(gate, directory=disk)
        filler = disk / "filler"
        gate.play(deliver=True).accepted()
        log.lines(1)
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 1024):
                    pass
            except OSError:
                pass
        mark = gate.daemon.mark()
        for _ in range(8):
            gate.play(deliver=True).accepted()
        line = gate.daemon.await_line("the decision log cannot be written", mark)
        assert "No space left on device" in line, line
        filler.unlink()
        line = gate.daemon.await_line("the decision log is written again", mark)
        assert "lost=0" in line, line
        log.lines(9)
        assert len(gate.delivered()) == 9
        gate.rules(RULES)
    finally:
        lab.run("umount", str(disk))


@suite.case("a disk that fails and becomes read-only: mail goes on, the log says so, and what waited is written to the next")
def _(gate):
    image, disk = gate.directory / "image", gate.directory / "failing"
    disk.mkdir()
    with open(image, "wb") as file:
        file.truncate(8 << 20)
    lab.run("mkfs.ext4", "-q", "-E", "root_owner=65534:65534", str(image))
    lab.run("mount", "-o", "loop,errors=remount-ro", str(image), str(disk))
    try:
        log = Log(gate, directory=disk)
        gate.play(deliver=True).accepted()
        log.lines(1)
        mark = gate.daemon.mark()
        lab.run("mount", "-o", "remount,abort", str(disk))  # what ext4 does where its disk fails
        for _ in range(8):
            gate.play(deliver=True).accepted()
        line = gate.daemon.await_line("the decision log cannot be written", mark)
        assert re.search("Read-only file system|Input/output error", line), line  # which of them is the kernel's matter
        gate.daemon.reload()
        line = gate.daemon.await_line("cannot open the decision log anew", mark)
        assert "Read-only file system" in line and "it goes on in the old file" in line, line
        gate.play(deliver=True).accepted()
        lab.run("umount", "-l", str(disk))
        shutil.chown(disk, "nobody", "postfix")
        gate.daemon.reload()
        line = gate.daemon.await_line("the decision log is written again", mark)
        assert "lost=0" in line, line
        log.lines(9)
        assert len(gate.delivered()) == 10
        gate.rules(RULES)
    finally:
        subprocess.run(["umount", "-l", str(disk)], capture_output=True)


@suite.case("a disk that hangs: mail goes on, and what was lost is counted")
def _(gate):
    pipe = gate.directory / "pipe"
    os.mkfifo(pipe)
    os.chmod(pipe, 0o666)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    gate.rules(RULES, extra=f'decisions = "{pipe}";')
    recipients = [f"user{number:03}@example.com" for number in range(60)]
    for _ in range(20):  # far more than a pipe holds
        gate.play(recipients=recipients)
    gate.play(deliver=True).accepted()
    assert gate.daemon.stop() == 0
    assert any("records that the decision log did not take" in line for line in gate.daemon.lines), gate.daemon.lines
    os.close(reader)
    gate.rules(RULES)


@suite.case("what a client writes cannot forge a line or a member")
def _(gate):
    log = Log(gate)
    judged = 0
    for helo in ('x","verdict":"accept', "x\\", 'a"}{"v":1,"client":"192.0.2.1"', "\x01\x7f\x1b[31m", "\u00fc.example"):
        with gate.connect() as session:
            session.command(f"EHLO {helo}")
            session.mail(SENDER)
            judged += session.rcpt(RELAY).code == 550
            session.quit()
    assert judged > 0
    lines = log.lines(judged)
    assert all(line["client"] == lab.INTERNET and line["verdict"] == "reject" for line in lines), lines


@suite.case("with a key no local part and no login is written, and the same name is the same hash")
def _(gate):
    key = gate.directory / "key"
    key.write_text("0123456789abcdef0123456789abcdef\n")
    log = gate.directory / "nameless"
    gate.rules(RULES, extra=f'decisions = "{log}"; decisions_key = "{key}";')
    for play in PLAYS:
        gate.play(**play)
    lines = decisions.awaited(log, len(PLAYS))
    text = log.read_text()
    for name in ("someone", "info", "test@", "spam", USER, "quoted", "in fo"):
        assert name not in text, name
    assert all(line["hashed"] for line in lines)
    senders = {line["sender"] for line in lines if line["sender"].endswith("@example.org") and line["verdict"] == "accept"}
    assert len(senders) == 1 and re.fullmatch(r"#[0-9a-f]{16}@example\.org", senders.pop()), senders
    path = gate.write_rules(RULES, name="replay.conf")
    done = subprocess.run([gate.executable, "replay", "-c", path, log], capture_output=True, text=True)
    assert f"{len(PLAYS)} records could not be judged again: local parts are hashed" in done.stdout, done


@suite.case("a key that cannot be read, or is too short: the daemon says so, and does not start")
def _(gate):
    gate.daemon.stop()
    short = gate.directory / "short"
    short.write_text("secret\n")
    for key, words in ((short, "has 6 bytes and needs 16"), ("/nowhere/key", "No such file or directory")):
        gate.write_rules(RULES, extra=f'decisions = "{gate.directory}/unused"; decisions_key = "{key}";')
        gate.start_daemon(ready=False)
        assert gate.daemon.await_end() == os.EX_CONFIG
        assert any(words in line for line in gate.daemon.lines), gate.daemon.lines
    gate.rules(RULES)


@suite.case("a file that cannot be opened at the start: the daemon says why, and does not start")
def _(gate):
    gate.daemon.stop()
    gate.write_rules(RULES, extra='decisions = "/nowhere/decisions";')
    gate.start_daemon(ready=False)
    assert gate.daemon.await_end() == os.EX_CANTCREAT
    assert any('cannot open the decision log "/nowhere/decisions": No such file or directory' in line
               for line in gate.daemon.lines), gate.daemon.lines
    gate.rules(RULES)


@suite.case("a reload that names another file says that it needs a restart, and the log goes on")
def _(gate):
    log = Log(gate)
    gate.write_rules(RULES, extra=f'decisions = "{log.path}.other";')
    mark = gate.daemon.mark()
    gate.daemon.reload()
    assert any('"decisions" needs a restart' in line for line in gate.daemon.since(mark))
    gate.play()
    log.lines(1)
