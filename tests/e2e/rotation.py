"""The decision log, rotated by logrotate with the file in contrib/logrotate: no line is lost."""

import gzip
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

from rules import OPEN, one
from support import lab, wait
from support.suite import Suite

suite = Suite(__doc__)

SHIPPED = Path(__file__).resolve().parents[2] / "contrib" / "logrotate" / "sallyport"
ROTATIONS = 4
CLIENTS = 4

# What is the lab's in place of an installation's.
LAB = (("/var/log/sallyport/", "{directory}/"), ("su sallyport sallyport", "su nobody postfix"),
       ("-u sallyport ", "-u nobody "))


class Rotation:
    """A directory of logs, and logrotate over it."""

    def __init__(self, gate, name):
        self.directory = gate.directory / name
        self.directory.mkdir(mode=0o750)
        shutil.chown(self.directory, "nobody", "postfix")
        self.log = self.directory / "decisions"
        text = SHIPPED.read_text()
        for shipped, ours in LAB:
            assert shipped in text, shipped
            text = text.replace(shipped, ours.format(directory=self.directory))
        self._settings = gate.directory / f"{name}.logrotate"
        self._settings.write_text(text)
        self._state = gate.directory / f"{name}.state"

    def rotate(self, programs=None):
        """Rotates now, whatever the time is; commands are looked for in `programs` first."""
        path = os.environ["PATH"] if programs is None else f"{programs}:{os.environ['PATH']}"
        lab.run("logrotate", "--force", "--state", self._state, self._settings, env=dict(os.environ, PATH=path))

    def rotated(self):
        """The files that are not written to any more, the oldest first."""
        return sorted((path for path in self.directory.iterdir() if path != self.log),
                      key=lambda path: -int(path.name.split(".")[1]))

    def sessions(self, count):
        """The sessions of all lines, as soon as there are so many; each line must be whole."""
        def lines():
            return [line for path in (*self.rotated(), self.log) for line in _read(path).splitlines(keepends=True)]

        wait.until(lambda: len(lines()) >= count and all(line.endswith(b"\n") for line in lines()),
                   f"{count} whole lines")
        return [json.loads(line)["session"] for line in lines()]


class Systemctl:
    """Stands in for systemctl where the machine seems to have been booted by systemd: it knows one service, whose main
    process is the daemon, and only the words that it was told to expect, from root."""

    BOOTED = Path("/run/systemd/system")  # sd_booted(3)
    ASKS = "--quiet is-active sallyport.service"
    SIGNALS = "kill --kill-who=main --signal=HUP sallyport.service"

    def __init__(self, gate, active):
        self.directory = gate.directory / "programs"
        self.directory.mkdir(exist_ok=True)
        self._said = self.directory / "said"
        self._said.write_text("")
        program = self.directory / "systemctl"
        program.write_text(f"""#!/bin/sh
[ "$(id -u)" -eq 0 ] || exit 4 # systemd would not let another user
echo "$*" >> {self._said}
case "$*" in
"{self.ASKS}") exit {0 if active else 3} ;;
"{self.SIGNALS}") kill -HUP {gate.daemon.pid} ;;
*) exit 1 ;;
esac
""")
        program.chmod(0o755)

    @property
    def said(self):
        return self._said.read_text().splitlines()

    def __enter__(self):
        self.BOOTED.mkdir(parents=True)
        return self

    def __exit__(self, *_):
        self.BOOTED.rmdir()


def _read(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@suite.case("mail goes on while the log is rotated, again and again: each message is one line of one file")
def _(gate):
    rotation = Rotation(gate, "busy")
    gate.rules(one(OPEN), extra=f'decisions = "{rotation.log}";')
    played, ended = [], threading.Event()

    def client(played_here):
        while not ended.is_set():
            gate.play()
            played_here.append(None)

    for _ in range(CLIENTS):
        played.append([])
    threads = [threading.Thread(target=client, args=(each,)) for each in played]
    for thread in threads:
        thread.start()
    try:
        for _ in range(ROTATIONS):
            wait.until(lambda: rotation.log.exists() and rotation.log.stat().st_size > 0, "lines in the new file")
            rotation.rotate()
        wait.until(lambda: rotation.log.exists() and rotation.log.stat().st_size > 0, "lines in the last file")
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    count = sum(map(len, played))
    sessions = rotation.sessions(count)
    assert len(sessions) == len(set(sessions)) == count, (len(sessions), len(set(sessions)), count)
    names = [path.name for path in rotation.rotated()]
    assert names == ["decisions.4.gz", "decisions.3.gz", "decisions.2.gz", "decisions.1"], names
    done = subprocess.run([gate.executable, "report", "--json", *rotation.rotated(), rotation.log],
                          capture_output=True, text=True)
    assert json.loads(done.stdout)["read"]["records"] == count, done


@suite.case("the log is renamed, not copied; the new file is the daemon's user's, and nobody else may read it")
def _(gate):
    rotation = Rotation(gate, "modes")
    gate.rules(one(OPEN), extra=f'decisions = "{rotation.log}";')
    gate.play()
    wait.until(lambda: rotation.log.stat().st_size > 0, "a line")
    written = rotation.log.stat().st_ino
    rotation.rotate()
    wait.until(rotation.log.exists, "the new file")
    assert [path.stat().st_ino for path in rotation.rotated()] == [written]
    status = rotation.log.stat()
    assert (rotation.log.owner(), status.st_mode & 0o777) == ("nobody", 0o640), status


@suite.case("where no daemon runs, that is no error, and an empty log is left alone")
def _(gate):
    rotation = Rotation(gate, "idle")
    gate.rules(one(OPEN), extra=f'decisions = "{rotation.log}";')
    rotation.rotate()
    assert rotation.rotated() == [] and rotation.log.exists()
    gate.play()
    wait.until(lambda: rotation.log.stat().st_size > 0, "a line")
    gate.daemon.stop()
    rotation.rotate()
    assert [path.name for path in rotation.rotated()] == ["decisions.1"]
    gate.rules(one(OPEN))


@suite.case("where systemd runs the daemon, its main process is told by systemctl, and by nobody else")
def _(gate):
    rotation = Rotation(gate, "service")
    gate.rules(one(OPEN), extra=f'decisions = "{rotation.log}";')
    gate.play()
    wait.until(lambda: rotation.log.stat().st_size > 0, "a line")
    mark = gate.daemon.mark()
    with Systemctl(gate, active=True) as systemctl:
        pkill = systemctl.directory / "pkill"
        pkill.write_text("#!/bin/sh\nexit 2\n")
        pkill.chmod(0o755)
        rotation.rotate(systemctl.directory)
        pkill.unlink()
    assert systemctl.said == [Systemctl.ASKS, Systemctl.SIGNALS], systemctl.said
    gate.daemon.await_line("^reloaded ", mark)
    gate.play()
    wait.until(lambda: rotation.log.exists() and rotation.log.stat().st_size > 0, "a line in the new file")
    assert [path.name for path in rotation.rotated()] == ["decisions.1"]


@suite.case("where systemd runs the machine, but not the daemon, that is found by its user and command")
def _(gate):
    rotation = Rotation(gate, "by-hand")
    gate.rules(one(OPEN), extra=f'decisions = "{rotation.log}";')
    gate.play()
    wait.until(lambda: rotation.log.stat().st_size > 0, "a line")
    mark = gate.daemon.mark()
    with Systemctl(gate, active=False) as systemctl:
        rotation.rotate(systemctl.directory)
    assert systemctl.said == [Systemctl.ASKS], systemctl.said
    gate.daemon.await_line("^reloaded ", mark)
    gate.rules(one(OPEN))


@suite.case("the words for systemctl are such as the real one takes")
def _(_gate):
    for words, taken in ((Systemctl.ASKS, True), (Systemctl.SIGNALS, True), ("kill --kill-whoever=x y.service", False)):
        done = subprocess.run(["systemctl", *words.split()], capture_output=True, text=True)
        assert ("unrecognized option" not in done.stderr) == taken, done
        assert done.returncode != 0, done  # there is no systemd in this lab to be told
