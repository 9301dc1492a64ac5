"""What Prometheus makes of the daemon's metrics: its own tool, unpacked once for all suites."""

import re
import subprocess
import urllib.request
from pathlib import Path

from support import lab

_PACKAGES = Path(__file__).resolve().parents[2] / "contrib" / "packages"
_SERIES = re.compile(r'([a-z_]+)(?:\{(.*)\})? ([0-9.e+-]+)')
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def unpack():
    """Unpacks it; to be called before the private machine is entered."""
    return Path(lab.run("sh", "-eu", "-c", '. "$1"; unpack_prometheus >&2; echo "$prometheus_directory"', "sh",
                        _PACKAGES).strip())


def fetch(address, accept=None):
    """GET /metrics; returns the type and the text."""
    request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def series(text):
    """The series of a text: {(name, ((label, value), ...)): number}."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, number = _SERIES.fullmatch(line).groups()
            found[name, tuple(_LABEL.findall(labels or ""))] = float(number)
    return found


def complaints(promtool, text):
    """What `promtool check metrics` says of it."""
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    return done.stdout + done.stderr + (f"exit {done.returncode}" if done.returncode else "")
