"""The daemon's life: start, privileges, stop, crash, a second instance."""

import os
import pwd
import re
import signal
import stat
import time

from rules import OPEN, one
from support import wait
from support.daemon import Daemon, listening
from support.gate import LOCAL, RELAY, SENDER, accepted
from support.mta import BY_TCP, BY_TCP6
from support.suite import Suite

suite = Suite(__doc__)

EX_CONFIG = 78
AT_ONCE = 1.5  # seconds in which SIGTERM has to be over, on a loaded machine too


def fails_to_start(gate, text, *options, settings=None):
    """Starts a daemon that must refuse these rules; returns what it says."""
    path = gate.directory / "other.conf"
    path.write_text(f"{text}\n{gate.settings() if settings is None else settings}\n")
    daemon = Daemon(gate.executable, path, gate.socket, options).start(ready=False)
    status = daemon.await_end()
    assert status == EX_CONFIG, f"exit status {status}: {daemon.lines}"
    return daemon.lines


def fresh(gate, text=None):
    """Stops the suite's daemon and starts a new one on these rules."""
    if gate.daemon is not None and gate.daemon.alive:
        gate.daemon.stop()
    gate.write_rules(text or one(OPEN))
    return gate.start_daemon()


@suite.case("a file with errors at start: exit 78, and every error with its file and line")
def _(gate):
    lines = fails_to_start(gate, 'listeners = (\n { name = "a"; direction = "sideways"; },\n'
                                 ' { name = "a"; direction = "inbound";\n   relai = { }; }\n);')
    for number in (2, 3, 4):
        assert any(re.search(rf"other\.conf:{number}: error: ", line) for line in lines), (number, lines)


@suite.case("a file that is not there: exit 78")
def _(gate):
    daemon = Daemon(gate.executable, gate.directory / "nowhere.conf", gate.socket).start(ready=False)
    assert daemon.await_end() == EX_CONFIG
    assert any("nowhere.conf" in line for line in daemon.lines), daemon.lines


@suite.case("as root without a user: refused, exit 78")
def _(gate):
    lines = fails_to_start(gate, one(OPEN), settings=f'socket = "{gate.socket}";')
    assert any("user" in line for line in lines), lines


@suite.case("a user that does not exist: refused, exit 78")
def _(gate):
    lines = fails_to_start(gate, one(OPEN), settings=f'socket = "{gate.socket}"; user = "nosuchuser";')
    assert any("nosuchuser" in line for line in lines), lines


@suite.case("privileges are dropped: all user and group ids are those of the file")
def _(gate):
    daemon = fresh(gate)
    nobody, postfix = pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("postfix").pw_gid
    assert daemon.status("Uid") == [str(nobody)] * 4, daemon.status("Uid")
    assert daemon.status("Gid") == [str(postfix)] * 4, daemon.status("Gid")
    assert set(daemon.status("Groups")) <= {str(postfix), str(pwd.getpwnam("nobody").pw_gid)}, daemon.status("Groups")
    assert int(daemon.status("CapEff")[0], 16) == 0, daemon.status("CapEff")


@suite.case("the unix socket is its user's and group's alone, mode 0660")
def _(gate):
    fresh(gate)
    status = os.stat(gate.socket.removeprefix("unix:"))
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660, oct(status.st_mode)
    assert status.st_uid == pwd.getpwnam("nobody").pw_uid and status.st_gid == pwd.getpwnam("postfix").pw_gid


@suite.case("READY=1 is told when it listens, not before")
def _(gate):
    if gate.daemon is not None and gate.daemon.alive:
        gate.daemon.stop()
    gate.write_rules(one(OPEN))
    daemon = gate.start_daemon(ready=False)
    daemon.await_notification("READY=1")
    assert listening(gate.socket)
    gate.play().accepted()


def ends_at_once(gate, daemon, number):
    began = time.monotonic()
    daemon.signal(number)
    status = daemon.await_end()
    took = time.monotonic() - began
    assert status == 0, f"exit status {status}"
    assert took < AT_ONCE, f"took {took:.2f} s"
    assert not os.path.exists(gate.socket.removeprefix("unix:")), "the socket file stayed behind"
    daemon.await_notification("STOPPING=1")
    gate.daemon = None


@suite.case("SIGTERM: ends at once, status 0, STOPPING=1 told, no socket file left")
def _(gate):
    ends_at_once(gate, fresh(gate), signal.SIGTERM)


@suite.case("SIGINT does the same")
def _(gate):
    ends_at_once(gate, fresh(gate), signal.SIGINT)


@suite.case("SIGTERM with sessions open: ends at once, and what they go on with tempfails")
def _(gate):
    daemon = fresh(gate)
    sessions = [gate.connect() for _ in range(5)]
    for session in sessions:
        session.ehlo()
        accepted(session.mail(SENDER))
    ends_at_once(gate, daemon, signal.SIGTERM)
    for session in sessions:
        assert session.rcpt(RELAY).code == 451
        session.close()
    assert gate.delivered() == []


@suite.case("SIGTERM right after a reload, and right after the start, ends it too")
def _(gate):
    daemon = fresh(gate)
    for _number in range(20):
        daemon.signal(signal.SIGHUP)
    ends_at_once(gate, daemon, signal.SIGTERM)
    ends_at_once(gate, fresh(gate), signal.SIGTERM)


@suite.case("started, stopped and started again, without waiting")
def _(gate):
    for _round in range(5):
        fresh(gate)
        gate.play().accepted()


@suite.case("a second instance refuses to start, and the first goes on")
def _(gate):
    first = fresh(gate)
    second = Daemon(gate.executable, gate.rule_file, gate.socket).start(ready=False)
    assert second.await_end() != 0
    assert any(gate.socket.removeprefix("unix:") in line for line in second.lines), second.lines
    assert first.alive and listening(gate.socket)
    gate.play(deliver=True).accepted()
    assert gate.delivered() == [(SENDER, [LOCAL])]


@suite.case("of two instances that start at the same moment one wins, and serves")
def _(gate):
    for _round in range(10):
        if gate.daemon is not None and gate.daemon.alive:
            gate.daemon.stop()
        gate.write_rules(one(OPEN))
        both = [Daemon(gate.executable, gate.rule_file, gate.socket).start(ready=False) for _ in range(2)]
        wait.until(lambda: sum(daemon.alive for daemon in both) == 1 and listening(gate.socket), "one of them to win")
        (gate.daemon,) = (daemon for daemon in both if daemon.alive)
        gate.play().accepted()


@suite.case("a second instance on a TCP socket refuses too")
def _(gate):
    fresh(gate)
    path = gate.directory / "tcp.conf"
    path.write_text(one(OPEN) + f'socket = "{BY_TCP.milter}"; user = "nobody"; group = "postfix";\n')
    first = Daemon(gate.executable, path, BY_TCP.milter).start()
    second = Daemon(gate.executable, path, BY_TCP.milter).start(ready=False)
    assert second.await_end() != 0
    assert first.alive
    gate.play(port=BY_TCP.port).accepted()
    assert first.stop() == 0


@suite.case("killed: mail tempfails and nothing is relayed")
def _(gate):
    fresh(gate)
    gate.play(recipients=[RELAY]).accepted()
    gate.daemon.kill()
    gate.daemon = None
    for client in ("127.0.0.1", "203.0.113.10"):
        assert gate.play(client, recipients=[RELAY]).mail.code == 451
    assert gate.delivered() == []


@suite.case("killed in mid session: that session tempfails, and nothing of it is relayed")
def _(gate):
    fresh(gate)
    with gate.connect() as session, gate.connect() as later:
        session.ehlo()
        accepted(session.mail(SENDER))
        later.ehlo()
        accepted(later.mail(SENDER))
        accepted(later.rcpt(LOCAL))
        gate.daemon.kill()
        gate.daemon = None
        assert session.rcpt(LOCAL).code == 451
        assert later.rcpt(RELAY).code == 451
        assert later.data().code // 100 in (4, 5)
    assert gate.delivered() == []


@suite.case("after a crash it starts over the socket file that stayed behind")
def _(gate):
    fresh(gate)
    gate.daemon.kill()
    assert os.path.exists(gate.socket.removeprefix("unix:"))
    gate.start_daemon()
    gate.play().accepted()


@suite.case("what lies in the socket's place and is no socket is left alone")
def _(gate):
    path = gate.directory / "precious"
    path.write_text("precious\n")
    rules = gate.directory / "other.conf"
    rules.write_text(one(OPEN) + f'socket = "unix:{path}"; user = "nobody"; group = "postfix";\n')
    daemon = Daemon(gate.executable, rules, f"unix:{path}").start(ready=False)
    assert daemon.await_end() != 0
    assert path.read_text() == "precious\n"


@suite.case("a milter on TCP over IPv6 is reached alike")
def _(gate):
    fresh(gate)
    path = gate.directory / "tcp6.conf"
    path.write_text(one('relay = { mode = "only"; };') + f'socket = "{BY_TCP6.milter}"; user = "nobody";\n')
    other = Daemon(gate.executable, path, BY_TCP6.milter).start()
    gate.play(port=BY_TCP6.port, recipients=[RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    gate.play(port=BY_TCP6.port).accepted()
    assert other.stop() == 0


@suite.case("--socket and --user override the file; a milter on TCP is reached alike")
def _(gate):
    fresh(gate)
    path = gate.directory / "override.conf"
    path.write_text(one('relay = { mode = "only"; };')
                    + f'socket = "{gate.socket}"; user = "nosuchuser"; group = "postfix";\n')
    other = Daemon(gate.executable, path, BY_TCP.milter, ["--socket", BY_TCP.milter, "--user", "nobody"]).start()
    assert other.status("Uid")[0] == str(pwd.getpwnam("nobody").pw_uid)
    gate.play(port=BY_TCP.port, recipients=[RELAY]).refused("rcpt", f"550 5.7.1 Unable to relay for {RELAY}")
    gate.play(port=BY_TCP.port).accepted()
    gate.play(recipients=[RELAY]).accepted()  # the suite's own daemon, at its own socket
    assert other.stop() == 0
    wait.until(lambda: not listening(BY_TCP.milter), "the port to be free")
