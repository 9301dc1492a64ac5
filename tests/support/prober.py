"""`sallyport probe`, as an administrator runs it from outside."""

import json
import subprocess
import time

from support import lab, wait

CLOSED, OPEN, UNDECIDED = 0, 1, 2


class Findings:
    """What one run found: its exit status, what --json printed, and what it said beside."""

    def __init__(self, status, output, messages, seconds):
        self.status = status
        self.output = output
        self.messages = messages
        self.seconds = seconds
        self.object = json.loads(output)

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
        done = self.run_plainly(target, "--json", *options, client=client, password=password)
        return Findings(done.returncode, done.stdout, done.stderr, time.monotonic() - started)

    def run_plainly(self, target, *options, client=lab.INTERNET, password=None):
        """Runs it as it is; returns a CompletedProcess."""
        words = [self._executable, "probe", *(["--bind", client] if client else []), *options, target]
        done = subprocess.run(words, input=password or "", capture_output=True, text=True, timeout=6 * wait.PATIENCE,
                              check=False)
        self.transcript += [f"$ {' '.join(map(str, words))}", *done.stdout.splitlines(), *done.stderr.splitlines(),
                            f"exit {done.returncode}"]
        return done
