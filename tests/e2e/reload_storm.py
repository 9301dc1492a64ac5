"""1,000 SIGHUPs during 2,000 sessions.

Two rule files alternate; each names itself in every refusal. A session that sees both was judged by two rule sets, a
session that sees an answer of another kind was lost. Each file has a shadow with the same rules: a session whose shadow came
with other rules than its own would be a difference.
"""

import os
import signal
import threading

from rules import one, refuse
from support import lab, wait
from support.gate import LOCAL, RELAY, SENDER
from support.suite import Suite

suite = Suite(__doc__)

SESSIONS = 2000
SIGNALS = 1000
CLIENTS = 8
BURST = 5

_GROWTH_KIB = 2048  # what a warm daemon may still grow by; a leak of one rule set per reload would be many times this


def rules_of(mark):
    return one(refuse("helo", 'helo = [ "refused.example" ];', f"550 5.7.1 {mark} helo"),
               refuse("mail", 'sender = [ "refused@" ];', f"550 5.7.1 {mark} mail"),
               refuse("rcpt", 'recipient = [ "refused@" ];', f"550 5.7.1 {mark} rcpt"),
               f'relay = {{ mode = "only"; reply = "550 5.7.1 {mark} relay"; }};')


def marked(mark):
    return f'{rules_of(mark)} shadow = "storm-{mark}.conf";'


def one_session(session):
    """Meets every kind of refusal, twice; returns the marks that it saw."""
    expected = []

    def mark_of(reply, kind):
        number, code, mark, which = reply.words.split(" ")
        assert (number, code, which) == ("550", "5.7.1", kind), reply
        expected.append(mark)

    def pass_through(reply):
        assert reply.code == 250, reply

    session.ehlo("refused.example")
    mark_of(session.mail(SENDER), "helo")
    session.ehlo("client.example")
    for _message in range(2):
        mark_of(session.mail("refused@example.org"), "mail")
        pass_through(session.mail(SENDER))
        pass_through(session.rcpt(LOCAL))
        mark_of(session.rcpt("refused@example.net"), "rcpt")
        mark_of(session.rcpt(RELAY), "relay")
        pass_through(session.rset())
    session.quit()
    return set(expected)


class Clients:
    """Plays SESSIONS sessions from CLIENTS threads, and counts."""

    def __init__(self, gate):
        self.finished = 0
        self.failures = []
        self.seen = set()
        self._gate = gate
        self._left = SESSIONS
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._play, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()

    def _play(self):
        while True:
            with self._lock:
                if self._left == 0:
                    return
                self._left -= 1
            try:
                with self._gate.connect(lab.LAN) as session:
                    marks = one_session(session)
                trouble = None if len(marks) == 1 else f"judged by two rule sets: {sorted(marks)}"
            except Exception as error:
                marks, trouble = set(), f"lost: {error}"
            with self._lock:
                self.finished += 1
                self.seen |= marks
                if trouble:
                    self.failures.append((trouble, session.transcript))
                else:
                    self._gate.transcripts.remove(session.transcript)  # only what failed is shown


@suite.case(f"{SIGNALS} SIGHUPs during {SESSIONS} sessions: none lost, none judged twice, daemon alive, memory flat")
def _(gate):
    for mark in "AB":
        gate.write_rules(rules_of(mark), name=f"storm-{mark}.conf")
    gate.rules(marked("A"))
    pid = gate.daemon.pid
    clients = Clients(gate)
    warm = None
    for number in range(0, SIGNALS, BURST):
        mark = "BA"[number // BURST % 2]
        gate.write_rules(marked(mark))
        for _signal in range(BURST):
            os.kill(pid, signal.SIGHUP)
        wait.until(lambda: clients.finished >= SESSIONS * (number + BURST) // SIGNALS, "sessions to go on",
                   interval=0.001)
        if number == SIGNALS // 4:
            warm = (gate.daemon.resident_kib, gate.daemon.descriptors)
    clients.join()
    assert not clients.failures, (len(clients.failures), *clients.failures[0])
    assert clients.finished == SESSIONS and clients.seen == {"A", "B"}, (clients.finished, clients.seen)
    assert gate.daemon.alive and gate.daemon.pid == pid
    wait.until(lambda: gate.play(sender="refused@example.org").mail.words == f"550 5.7.1 {mark} mail",
               "the last file's rules")
    wait.until(lambda: gate.daemon.descriptors <= warm[1] + CLIENTS, "descriptors to be closed")
    grown = gate.daemon.resident_kib - warm[0]
    print(f"# resident: {warm[0]} KiB after a quarter, {grown:+} KiB since")
    assert grown <= _GROWTH_KIB or gate.sanitized, f"grew by {grown} KiB from {warm[0]}"
    reloads = sum(line.startswith("reloaded ") for line in gate.daemon.since(gate.daemon_mark))
    print(f"# {reloads} reloads were done for {SIGNALS} signals")
    assert not any("reload failed" in line for line in gate.daemon.since(gate.daemon_mark))
    assert reloads >= SIGNALS // BURST // 2, reloads
    assert not any("shadow" in line and not line.startswith(("reloaded ", "started "))
                   for line in gate.daemon.since(gate.daemon_mark))
