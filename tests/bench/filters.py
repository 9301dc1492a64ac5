"""The programs that are measured: sallyport under a rule file, the empty filter, and the load generator before them."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from support import lab, wait
from support.daemon import listening

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "rules" / "examples"


class Broken(Exception):
    """A program did not do what it must: there is nothing to measure."""


@contextlib.contextmanager
def room():
    """A directory for sockets, rules and logs, gone in the end; the daemon, who is not root, may work in it."""
    directory = Path(tempfile.mkdtemp(prefix="bench."))
    try:
        directory.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(directory, "nobody", "nogroup")
        yield directory
    finally:
        shutil.rmtree(directory)


@contextlib.contextmanager
def running(command, milter_socket, log):
    """A milter: yields its process when it listens, and kills it in the end, for libmilter takes seconds to stop."""
    with open(log, "wb") as output:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output, umask=0)  # the empty filter's socket is for everybody
    try:
        wait.until(lambda: listening(milter_socket) or process.poll() is not None, f"{command[0]} to listen")
        if process.poll() is not None:
            raise Broken(f"{command[0]} ended instead of listening: {Path(log).read_text()}")
        yield process
    finally:
        process.kill()
        process.wait()


def sallyport(executable, rules, directory, milter_socket=None, group=None):
    """sallyport under a rule file that stands in the room; the group may connect."""
    milter_socket = milter_socket or f"unix:{directory}/sallyport"
    who = ("nobody", "nogroup") if os.geteuid() == 0 else (str(os.geteuid()), str(os.getegid()))
    return running([executable, "run", "-c", rules, "--socket", milter_socket, "--user", who[0],
                    "--group", group or who[1]], milter_socket, directory / "sallyport.log")


def empty(executable, directory, negotiated=None, milter_socket=None, refuse=()):
    """The empty filter; it negotiates what the load generator reported of another, or else wants every step.

    With (step, beginning of a reply) it refuses each.
    """
    milter_socket = milter_socket or f"unix:{directory}/{'refusing' if refuse else 'empty'}"
    command = [executable, "--socket", milter_socket]
    if negotiated is not None:
        command += ["--steps", negotiated["steps"], "--actions", negotiated["actions"]]
        for place, names in negotiated["macros"].items():
            command += ["--macros", f"{place}={names}"]
    if refuse:
        command += ["--refuse", f"{refuse[0]}={refuse[1].replace('-', ' ', 1)} Unable to do this for you"]
    return running(command, milter_socket, directory / ("refusing.log" if refuse else "empty.log"))


def examples(directory):
    """Copies the examples into the room; returns where they are."""
    copies = directory / "examples"
    lab.copy_readable(EXAMPLES, copies)
    return copies


def cpu_seconds(pid):
    """The processor time that a process has used so far."""
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) has it


def generate(generator, *words):
    """What the load generator reports; an answer that is not as it must be raises Broken."""
    done = subprocess.run([str(generator), *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Broken(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return json.loads(done.stdout)
