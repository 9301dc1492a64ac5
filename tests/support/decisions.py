"""The decision log of a daemon, read back."""

import json
import subprocess
from pathlib import Path

from support import wait


def read(path):
    """All lines of the log, each of which must be whole."""
    text = Path(path).read_text(encoding="ascii")
    assert text == "" or text.endswith("\n"), f"the last line is torn: {text[-200:]!r}"
    return [json.loads(line) for line in text.splitlines()]


def awaited(path, count):
    """The lines of the log, as soon as there are so many, and no more."""
    wait.until(lambda: len(Path(path).read_bytes().splitlines()) >= count, f"{count} lines in {path}")
    lines = read(path)
    assert len(lines) == count, f"{count} lines were to come, {len(lines)} came: {lines}"
    return lines


def explain(executable, rule_file, line):
    """What explain makes of the session that a line tells of: an object as explain --json prints it."""
    words = ["--listener", line["listener"]]
    for member in ("address", "client", "client_name", "helo", "user", "mechanism", "tls", "size", "sender", "read_as"):
        if member in line:
            words += ["--" + member.replace("_", "-"), str(line[member])]
    if line.get("local"):
        words.append("--local")
    for step in line["stages"]:
        if step["stage"] == "rcpt":
            words += ["--recipient", step["recipient"]]
            for member in ("resolved", "read_as"):
                if member in step:
                    words += ["--" + member.replace("_", "-"), step[member]]
    done = subprocess.run([executable, "explain", "-c", str(rule_file), "--json", *words], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def judged(stages):
    """Stages in the form that lines and explain share: without what says nothing, or is only in one of them."""
    return [{member: value for member, value in step.items()
             if value is not None and member not in ("resolved", "read_as", "cause")} for step in stages]
