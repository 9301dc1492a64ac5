#!/usr/bin/env python3
"""Compares what sallyport prints with what was agreed that it prints.

    golden.py SALLYPORT KIND

KIND is a folder; each NAME.conf in it is a case, and NAME.expected what it prints (nothing, if there is no such file):

diagnostics  "sallyport check NAME.conf": its messages.  A case that has only warnings must also fail under
             --strict, and --json must list the same messages.
sessions     For each line of NAME.script ">>> " and the line, and below it what "sallyport explain -c NAME.conf"
             prints when the line is its options.  A line of comment begins with "#"; it is echoed as it is.
             What is printed of the file must judge all the same.
print        "sallyport check --print NAME.conf".
examples     The rule files that are shipped: "sallyport check --strict" has nothing to say about them.

Where an exit status is not 0 a line "exit STATUS" follows.  Each file that loads, of whatever kind, is also printed and
read again: that must print the same text.  The cases run in a copy of their folder, so that all paths are relative.

GOLDEN_UPDATE=1 writes the expected files anew; review the difference before it is committed.  The output is TAP.
"""

import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "rules" / "examples"
TIMEOUT = 60  # seconds, for one run of the program


class Program:
    """The program under test, run in a folder."""

    def __init__(self, path, folder):
        self.path = path
        self.folder = folder

    def run(self, *arguments):
        """Returns exit status, standard output and standard error."""
        done = subprocess.run([self.path, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, timeout=TIMEOUT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def transcript(self, *arguments):
        """Returns all that a run prints, with its exit status where that is not 0."""
        status, output, messages = self.run(*arguments)
        return messages + output + (f"exit {status}\n" if status else "")

    def loads(self, conf):
        return self.run("check", conf)[0] == 0


def diagnostics(program, conf):
    return program.transcript("check", conf)


def sessions(program, conf):
    text = []
    for line, options in script(program, conf):
        text.append(f">>> {line}\n" if options else f"{line}\n")
        if options:
            text.append(program.transcript("explain", "-c", conf, *options))
    return "".join(text)


def script(program, conf):
    """Yields the lines of a case's script, each with explain's options, or None where it is a comment or empty."""
    for line in (program.folder / conf).with_suffix(".script").read_text(encoding="utf-8").splitlines():
        yield line, None if line.startswith("#") or not line else shlex.split(line)


def print_(program, conf):
    return program.transcript("check", "--print", conf)


def same_in_json(program, conf):
    """Returns what is wrong with the messages that are printed for programs, or an empty list."""
    messages = program.run("check", conf)[2]
    listed = json.loads(program.run("check", "--json", conf)[1])
    for row in listed:
        row["place"] = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
    text = "".join("{place}: {severity}: {message}\n".format(**row) for row in listed)
    return difference(messages, text, "as text", "as JSON")


def strict(program, conf):
    """Returns what is wrong with the exit status under --strict, or an empty list."""
    status = program.run("check", "--strict", conf)[0]
    wanted = 1 if program.run("check", conf)[2] else 0
    return [] if status == wanted else [f"check --strict: exit status {status}, not {wanted}"]


def printed_name(conf):
    return f"{pathlib.Path(conf).stem}.printed"


def printed_again(program, conf):
    """Returns what is lost when a file that loads is printed, and that is read, or an empty list."""
    if not program.loads(conf):
        return []
    printed = program.run("check", "--print", conf)[1]
    again = printed_name(conf)
    (program.folder / again).write_text(printed, encoding="utf-8")
    status, text, messages = program.run("check", "--print", again)
    if status != 0:
        return [f"what is printed does not load: {messages}"]
    return difference(printed, text, "printed", "read and printed again")


def judged_again(program, conf):
    """Returns what a file judges otherwise once it is printed (and printed_again has written it), or an empty list."""
    wrong = []
    for line, options in script(program, conf):
        if not options:
            continue
        one, other = (places_removed(program.run("explain", "--json", "-c", name, *options)[1])
                      for name in (conf, printed_name(conf)))
        if one != other:
            wrong += [f">>> {line}", *difference(one, other, "by the file", "by what is printed of it")]
    return wrong


def places_removed(judgement):
    return re.sub(r'"by": ("[^"]*"|null)', '"by": ...', judgement)


def difference(one, other, one_name, other_name):
    return list(difflib.unified_diff(one.splitlines(), other.splitlines(), one_name, other_name, lineterm=""))


KINDS = {
    "diagnostics": (HERE / "diagnostics", diagnostics, [same_in_json, strict, printed_again]),
    "sessions": (HERE / "sessions", sessions, [printed_again, judged_again]),
    "print": (HERE / "print", print_, [printed_again]),
    "examples": (EXAMPLES, diagnostics, [strict, printed_again]),
}


def judge(program, kind, conf):
    """Returns what is wrong with a case, or an empty list."""
    folder, transcribe, checks = KINDS[kind]
    expected = (folder / conf).with_suffix(".expected")
    text = transcribe(program, conf)
    if os.environ.get("GOLDEN_UPDATE") == "1" and (text or expected.exists()):
        expected.write_text(text, encoding="utf-8")
    wanted = expected.read_text(encoding="utf-8") if expected.exists() else ""
    wrong = difference(wanted, text, "expected", "printed")
    for check in checks:
        wrong += check(program, conf)
    return wrong


def main(path, kind):
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / kind
        shutil.copytree(KINDS[kind][0], folder)
        program = Program(os.path.abspath(path), folder)
        cases = sorted(case.name for case in folder.glob("*.conf"))
        print(f"TAP version 13\n1..{len(cases)}")
        for number, conf in enumerate(cases, 1):
            try:
                wrong = judge(program, kind, conf)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                wrong = [f"{type(error).__name__}: {error}"]
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {pathlib.Path(conf).stem}")
            print("".join(f"# {line}\n" for text in wrong for line in text.splitlines()), end="")
        print(f"# {len(cases) - failed} passed, {failed} failed", flush=True)
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in KINDS:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
