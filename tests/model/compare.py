#!/usr/bin/python3
"""Compares the program with the model: random rule sets, random sessions, and what `explain --json` says of them.

Rule set number K of seed S is rule set number 0 of seed S + K, so a difference is run again alone with
`--seed S+K --rulesets 1`, and made small with `--shrink`.  Where something differs, the files stay where the report
says, and the report names the command.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import generate
import language
import printer
import shrink

FILE = "rules.conf"
PARALLEL = 2
WILDNESS = (0, 0, 0.3, 1)  # of the layouts
TIME_LIMIT = 30  # seconds: an explain takes milliseconds


@dataclasses.dataclass
class Difference:
    """One session that the program and the model judge differently."""

    session: dict
    expected: object
    got: object


@dataclasses.dataclass
class Result:
    """What became of one rule set."""

    seed: int
    directory: pathlib.Path
    rule_set: dict
    passed: int
    differences: list


class Program:
    """The sallyport under test."""

    def __init__(self, path):
        self.path = str(pathlib.Path(path).resolve())

    def command(self, session):
        return [self.path, "explain", "-c", FILE, "--json", *generate.options(session)]

    def explain(self, directory, session):
        """The object that explain printed and its exit status, or, as text, why there is none."""
        arguments = [argument.encode() for argument in self.command(session)]
        try:
            ran = subprocess.run(arguments, cwd=directory, capture_output=True, timeout=TIME_LIMIT, check=False)
            return {"exit": ran.returncode, "explain": json.loads(ran.stdout)}
        except subprocess.TimeoutExpired:
            return f"no answer within {TIME_LIMIT} seconds"
        except ValueError:
            return f"exit {ran.returncode}: {(ran.stdout + ran.stderr).decode(errors='replace')}"


def expected_of(rule_set, session):
    """What the program should say, and the exit status that goes with it."""
    told = language.explain(rule_set, session)
    return {"exit": 0 if told["verdict"] == "accept" else 1, "explain": told}


def write_files(rule_set, directory, rng, wild):
    """Writes the rule file and its table files; sets the lines in the rule set."""
    rule_set["file"] = FILE
    (directory / FILE).write_text(printer.print_rule_set(rule_set, rng, wild), encoding="utf-8", newline="")
    for path, entries in printer.table_files(rule_set):
        (directory / path).write_text(printer.print_table(entries, rng), encoding="utf-8", newline="")


def compare(program, seed, sessions, top):
    """Runs one rule set; its directory stays only if something differs."""
    rng = random.Random(seed)
    rule_set, sessions = generate.generate(rng, sessions)
    directory = top / f"seed-{seed}"
    directory.mkdir()
    write_files(rule_set, directory, rng, rng.choice(WILDNESS))
    result = Result(seed, directory, rule_set, 0, [])
    for session in sessions:
        expected, got = expected_of(rule_set, session), program.explain(directory, session)
        if expected == got:
            result.passed += 1
        else:
            result.differences.append(Difference(session, expected, got))
    if not result.differences:
        shutil.rmtree(directory)
    return result


def kind(told):
    """What sort of answer it is: an object, or a message whatever its names and numbers are."""
    return re.sub(r"\d+|\"[^\"]*\"", "", told) if isinstance(told, str) else "object"


def make_small(program, result):
    """Leaves only what the first difference needs, in the rule set, in its files and in the session."""
    first = result.differences[0]

    def still_differs(case):
        try:
            write_files(case["rule_set"], result.directory, random.Random(0), wild=0)
            expected = expected_of(case["rule_set"], case["session"])
        except Exception:  # what was taken out left no rule set that means anything
            return False
        got = program.explain(result.directory, case["session"])
        return got != expected and kind(got) == kind(first.got)

    case = {"rule_set": result.rule_set, "session": first.session}
    if not still_differs(case):
        return
    case = shrink.shrink(case, still_differs)
    still_differs(case)
    session = case["session"]
    result.differences[0] = Difference(
        session, expected_of(case["rule_set"], session), program.explain(result.directory, session)
    )


def report(program, result, out):
    """Tells the first difference of a rule set, line by line."""
    first = result.differences[0]
    out(f"seed {result.seed}: {len(result.differences)} of {result.passed + len(result.differences)} sessions differ")
    out(f"rule file: {result.directory / FILE}")
    out(f"command:   cd {shlex.quote(str(result.directory))} && {shlex.join(program.command(first.session))}")
    out(f"expected:  {shown(first.expected)}")
    out(f"got:       {shown(first.got)}")


def shown(told):
    return told if isinstance(told, str) else json.dumps(told, sort_keys=True, ensure_ascii=False)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    number = {"type": int, "metavar": "N"}
    parser.add_argument("--sallyport", required=True, metavar="PATH", help="the program to test")
    parser.add_argument("--seed", **number, help="of the first rule set (default: a new one each time)")
    parser.add_argument("--rulesets", **number, default=150, help="how many rule sets (default: %(default)s)")
    parser.add_argument("--sessions", **number, default=40, help="for each of them (default: %(default)s)")
    parser.add_argument("--shrink", action="store_true", help="report a small case instead of the one found")
    parser.add_argument("--tap", action="store_true", help="speak TAP, one line for each rule set")
    return parser.parse_args()


def main():
    options = arguments()
    program = Program(options.sallyport)
    if not os.access(program.path, os.X_OK):
        sys.exit(f"compare.py: no program at {program.path}")
    seed = random.randrange(1_000_000_000) if options.seed is None else options.seed
    mark = "# " if options.tap else ""
    if options.tap:
        print(f"1..{options.rulesets}")
    print(f"{mark}seed {seed}", flush=True)
    top = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-model-"))
    passed = failed = 0

    def out(text):
        print(mark + text.replace("\n", "\n" + mark))

    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        seeds = range(seed, seed + options.rulesets)
        results = pool.map(lambda each: compare(program, each, options.sessions, top), seeds)
        for number, result in enumerate(results, 1):
            passed, failed = passed + result.passed, failed + len(result.differences)
            if options.tap:
                print(f"{'not ok' if result.differences else 'ok'} {number} - rule set of seed {result.seed}")
            if result.differences and options.shrink:
                make_small(program, result)
            if result.differences:
                report(program, result, out)
    if not failed:
        top.rmdir()
    print(f"{mark}{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
