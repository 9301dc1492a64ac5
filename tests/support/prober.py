"""`sallyport probe`, as an administrator runs it from outside."""

import json
import subprocess
import time

from support import lab, wait
from support.mta import OURS

CLOSED, OPEN, UNDECIDED = 0, 1, 2


class Findings:
    """What one run found: its exit status, what --json printed, and what it said beside."""

    def __init__(self, status, output, messages, seconds):
        self.status = status
        self.output = output
        self.messages = messages
        self.seconds = seconds
        try:
            self.object = json.loads(output)
        except ValueError:
            raise AssertionError(f"no JSON, but: {output!r}; exit {status}; {messages}") from None

    @property
    def lines(self):
        """All that was tried, in a line each."""
        for lost in self.object["unreachable"]:
            yield f"{lost['address']}: {lost['result']}: {lost['words']}"
        for one in self.object["passes"]:
            yield f"{one['address']}, tls={one['tls']}, login={one['login']}: {one['why']}"
            for attempt in one["attempts"]:
                yield f"{attempt['result']:10} {attempt['form']:22} {attempt['step']:8} {attempt['words']}"

    def one_pass(self, tls=False, login=None):
        """The pass of that kind; a run at one address has one."""
        found = [one for one in self.object["passes"] if one["tls"] == tls and one["login"] == login]
        assert len(found) == 1, f"{len(found)} passes with tls={tls}, login={login}"
        return found[0]

    def forms(self, result, tls=False, login=None):
        """The names of the forms that came to that result."""
        return {one["form"] for one in self.one_pass(tls, login)["attempts"] if one["result"] == result}

    def attempt(self, form, tls=False, login=None):
        return next(one for one in self.one_pass(tls, login)["attempts"] if one["form"] == form)


class Prober:
    def __init__(self, executable):
        self._executable = executable
        self.transcript = []

    def run(self, target, *options, client=lab.INTERNET, password=None):
        """Runs it with --json from an outside address; standard input is the password."""
        started = time.monotonic()
        done = self._run(target, "--json", *options, client=client, password=password)
        findings = Findings(done.returncode, done.stdout, done.stderr, time.monotonic() - started)
        self.transcript += findings.lines
        return findings

    def run_plainly(self, target, *options, client=lab.INTERNET, password=None):
        """Runs it as it is; returns a CompletedProcess."""
        done = self._run(target, *options, client=client, password=password)
        self.transcript += done.stdout.splitlines()
        return done

    def _run(self, target, *options, client, password):
        words = [self._executable, "probe", *(["--bind", client] if client else []), *options, target]
        done = subprocess.run(words, input=password or "", capture_output=True, text=True, timeout=6 * wait.PATIENCE,
                              check=False)
        self.transcript += [f"$ {' '.join(map(str, words))}", *done.stderr.splitlines(), f"exit {done.returncode}"]
        return done


def probe(gate, target=lab.SERVER, *options, **session):
    """Runs it as an outsider; what it says is shown where the case fails."""
    prober = Prober(gate.executable)
    gate.transcripts.append(prober.transcript)
    return prober.run(target, "--domain", OURS, *options, **session)


def probe_plainly(gate, target=lab.SERVER, *options, **session):
    """The same without --json; returns a CompletedProcess."""
    prober = Prober(gate.executable)
    gate.transcripts.append(prober.transcript)
    return prober.run_plainly(target, "--domain", OURS, *options, **session)
