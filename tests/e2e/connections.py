"""Many connections at once, open, busy, and more than there may be."""

import contextlib
import os
import re
import resource
import signal
import time
from pathlib import Path

from rules import one, refuse
from support import lab, wait
from support.gate import LOCAL, RELAY, SENDER
from support.milter_client import Conversation
from support.suite import Suite

suite = Suite(__doc__)

MANY = 4000
SPARE = 200  # descriptors that a process needs beside its connections

KIB_EACH = 6       # of an open session: measured 3
KIB_BUSY = 40960   # beside that, where all speak at once: stacks of threads, and heaps; measured 10000 to 20000

UNABLE = f"550 5.7.1 Unable to relay for {RELAY}"
RULES = one('relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; };', refuse("data", "recipients_over = 2;"))


def descriptors(count):
    """Lets this process have so many; the daemon takes as many as it may."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(count, hard)))


def fresh(gate, limit=None):
    """A daemon that may have so many descriptors, or as many as we may."""
    if gate.daemon is not None and gate.daemon.alive:
        gate.daemon.stop()
    gate.write_rules(RULES)
    return gate.start_daemon(descriptors=limit)


def conversation(gate):
    return Conversation(gate.socket.removeprefix("unix:"))


def begin(gate, client):
    """A session as far as MAIL."""
    each = conversation(gate)
    each.negotiate()
    each.macros("C", {"j": lab.HOST_NAME})
    each.connect("client.example", client)
    each.command("H", "client.example")
    assert each.command("M", f"<{SENDER}>") == "c"
    return each


def clients(count):
    """Addresses, each another; every second one may relay."""
    for number in range(count):
        low = f"{number // 250 % 250}.{1 + number % 250}"
        yield (f"172.16.{low}", "c") if number % 2 else (f"10.0.{low}", UNABLE)


@contextlib.contextmanager
def many(gate, count=MANY):
    """So many open sessions, as (session, what becomes of a relay recipient)."""
    with contextlib.ExitStack() as stack:
        yield [(stack.enter_context(begin(gate, client)), answer) for client, answer in clients(count)]


def ask(sessions, letter, *arguments):
    """Has all of them speak at once; returns the answers in their order."""
    for each in sessions:
        each.send(letter, b"".join(argument.encode() + b"\0" for argument in arguments))
    return [each.answer(letter) for each in sessions]


def ticks(pid):
    """Processor time that a process has taken, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@suite.case("4,000 open sessions take a few KiB each; others are served beside them, and each is still judged as itself")
def _(gate):
    descriptors(MANY + SPARE)
    daemon = fresh(gate)
    gate.play().accepted()
    descriptors_before, resident = daemon.descriptors, daemon.resident_kib
    with many(gate) as opened:
        assert daemon.descriptors > MANY, daemon.descriptors
        if not gate.sanitized:
            assert daemon.resident_kib - resident < KIB_EACH * MANY, (resident, daemon.resident_kib)
        gate.play(recipients=[LOCAL, RELAY]).refused("rcpt", UNABLE)
        gate.play(lab.LAN, recipients=[LOCAL, RELAY], deliver=True).accepted()
        for each, answer in opened:
            assert each.command("R", f"<{RELAY}>") == answer
        gate.play().accepted()
    wait.until(lambda: daemon.descriptors <= descriptors_before, "all descriptors to be given back")
    gate.play().accepted()


@suite.case("4,000 sessions that all speak at once, again and again: every answer is right, and memory stays")
def _(gate):
    descriptors(MANY + SPARE)
    daemon = fresh(gate)
    gate.play().accepted()
    resident = daemon.resident_kib
    with many(gate) as opened:
        sessions = [each for each, _answer in opened]
        for _round in range(2):
            assert ask(sessions, "R", f"<{RELAY}>") == [answer for _each, answer in opened]
            assert ask(sessions, "R", f"<{LOCAL}>") == ["c"] * MANY
            assert ask(sessions, "T") == ["a"] * MANY
            assert ask(sessions, "M", f"<{SENDER}>") == ["c"] * MANY
        if not gate.sanitized:
            assert daemon.resident_kib - resident < KIB_EACH * MANY + KIB_BUSY, (resident, daemon.resident_kib)
    gate.play().accepted()


@suite.case("they hang up all at once, and the daemon goes on")
def _(gate):
    descriptors(MANY + SPARE)
    daemon = fresh(gate)
    gate.play().accepted()
    before = daemon.descriptors
    with many(gate) as opened:
        for each, _answer in opened:
            each.send("R", f"<{RELAY}>\0".encode())
    wait.until(lambda: daemon.descriptors <= before, "all descriptors to be given back")
    gate.play(recipients=[LOCAL, RELAY]).refused("rcpt", UNABLE)


@suite.case("clients who come while the daemon is held all get through: their connections wait for it")
def _(gate):
    daemon = fresh(gate)
    daemon.signal(signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(conversation(gate)) for _ in range(1000)]
        daemon.signal(signal.SIGCONT)
        for each in held:
            each.negotiate()


@suite.case("no descriptor left: it says so once, takes no processor for it, and serves whoever waits when others end")
def _(gate):
    limit = 64
    daemon = fresh(gate, limit)
    mark = daemon.mark()
    with contextlib.ExitStack() as stack:
        served = []
        while daemon.descriptors < limit:
            served.append(stack.enter_context(begin(gate, lab.LAN)))
        waiting = [stack.enter_context(conversation(gate)) for _ in range(20)]
        line = daemon.await_line("^error: no open file is left for a connection", mark)
        assert line.endswith(f"descriptors={limit}"), line
        began, taken = time.monotonic(), ticks(daemon.pid)
        for each in served:  # who is served already notices nothing
            assert each.command("R", f"<{RELAY}>") == "c"
        wait.until(lambda: time.monotonic() - began > 1, "a second to pass")
        assert ticks(daemon.pid) - taken < 0.25 * (time.monotonic() - began), "it spins"
        for each in served:
            each.close()
        for each in waiting:
            each.negotiate()
            assert each.connect("client.example", lab.INTERNET) == "c"
            assert each.command("M", f"<{SENDER}>") == "c"
            assert each.command("R", f"<{RELAY}>") == UNABLE
    assert sum("no open file is left" in line for line in daemon.since(mark)) == 1
    gate.play().accepted()


@suite.case("a low limit of descriptors is a warning at the start")
def _(gate):
    daemon = fresh(gate, 1024)
    daemon.await_line("^warning: the limit of open files is low .* descriptors=1024$")
    daemon = fresh(gate, 4096)
    daemon.await_line("^started ")
    assert not any("limit of open files" in line for line in daemon.since())


@suite.case("the soft limit of descriptors is raised to the hard one")
def _(gate):
    daemon = fresh(gate, "256:2048")
    limits = Path(f"/proc/{daemon.pid}/limits").read_text()
    assert re.search(r"^Max open files +2048 +2048 ", limits, re.MULTILINE), limits
