#!/usr/bin/env python3
"""Compares what sallyport prints with what was agreed that it prints.

    golden.py SALLYPORT KIND

KIND is a folder; each NAME.conf (of reports NAME.script) in it is a case, and NAME.expected what it prints (nothing, if
there is no such file):

diagnostics  "sallyport check --elsewhere NAME.conf": its messages.  A case that has only warnings must also fail under
             --strict, and --json must list the same messages.
sessions     For each line of NAME.script ">>> " and the line, and below it what "sallyport explain -c NAME.conf"
             prints when the line is its options.  A line of comment begins with "#"; it is echoed as it is.
             What is printed of the file must judge all the same.
print        "sallyport check --elsewhere --print NAME.conf".
examples     The rule files that are shipped: "sallyport check --elsewhere --strict" has nothing to say about them.
proofs       "sallyport prove NAME.conf", for people and with --json.  What a proof shows must be so: a session that breaks
             a promise is accepted by "sallyport explain", networks are disjoint and as few as can be, and no two rows
             could be one.
settings     "sallyport mta" for each MTA.  No comment is wider than a terminal; each file alone, and in JSON, is the same text.
shipped_settings
             The same of the rule files that are shipped; what is expected stands in the folder of that name.
shipped      The same as "proofs" of the rule files that are shipped, and what their comments claim that it says; what is expected
             of them stands in the folder "shipped".

diffs        "sallyport diff NAME.old NAME.conf", for people, and the rows of --json, of each all networks or their number.
             What is shown must be so: networks are as few as can be, no two rows could be one, and the other way round the
             same changes back.
commands     For each line of NAME.script ">>> " and the line, and below it what "sallyport" prints when the line is its
             arguments.  On a terminal it prints the same with colours, and there without them where NO_COLOR is set.

reports      For each line of NAME.script ">>> " and the line, and below it what "sallyport report" prints when the line is its
             options; variables may stand before them, and "< FILE" behind.  What is written by --html FILE follows.  Text
             fits 80 columns, figures in JSON add up, and a page is sound, needs nothing else, and has no markup of others.

Where an exit status is not 0 a line "exit STATUS" follows.  Each file that loads, of whatever kind, is also printed and
read again: that must print the same text, and judge no session differently.  The cases run in a copy of their folder, so that all paths are relative.

GOLDEN_UPDATE=1 writes the expected files anew; review the difference before it is committed.  The output is TAP.
"""

import contextlib
import difflib
import ipaddress
import itertools
import json
import os
import pathlib
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "rules" / "examples"
CLAIM = '# What "sallyport prove" says of these rules:'
TIMEOUT = 60  # seconds, for one run of the program


class Program:
    """The program under test, run in a folder."""

    def __init__(self, path, folder):
        self.path = path
        self.folder = folder

    def run(self, *arguments, given=os.devnull, environment=None):
        """Returns exit status, standard output and standard error."""
        with open(self.folder / given, "rb") as stdin:
            done = subprocess.run([self.path, *arguments], cwd=self.folder, stdin=stdin, timeout=TIMEOUT,
                                  env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def on_terminal(self, *arguments, **environment):
        """Returns what it prints where standard output is a terminal."""
        ours, its = pty.openpty()
        surroundings = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environment
        with subprocess.Popen([self.path, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=its,
                              stderr=subprocess.DEVNULL, env=surroundings):
            os.close(its)
            text = b""
            with contextlib.suppress(OSError):  # EIO: the other side is closed
                while part := os.read(ours, 65536):
                    text += part
        os.close(ours)
        return text.decode().replace("\r\n", "\n")

    def check(self, *arguments):
        """Checks a file for another host: what is said of it does not depend on where the tests run."""
        return self.run("check", "--elsewhere", *arguments)

    def transcript(self, *arguments, **surroundings):
        """Returns all that a run prints, with its exit status where that is not 0."""
        status, output, messages = self.run(*arguments, **surroundings)
        return messages + output + (f"exit {status}\n" if status else "")

    def loads(self, conf):
        return self.check(conf)[0] == 0


def diagnostics(program, conf):
    return program.transcript("check", "--elsewhere", conf)


def sessions(program, conf):
    text = []
    for line, options in script(program, conf):
        text.append(f">>> {line}\n" if options else f"{line}\n")
        if options:
            text.append(program.transcript("explain", "-c", conf, *options))
    return "".join(text)


def commands(program, conf):
    return "".join(f">>> {line}\n{program.transcript(*arguments)}" for line, arguments in script(program, conf))


def coloured(program, conf):
    """Returns what is printed otherwise on a terminal, or an empty list."""
    wrong = []
    for line, arguments in script(program, conf):
        status, plain, _ = program.run(*arguments)
        with_colours = program.on_terminal(*arguments)
        wrong += difference(plain, re.sub(r"\x1b\[[0-9;]*m", "", with_colours), "plain", f"{line}, on a terminal")
        wrong += difference(plain, program.on_terminal(*arguments, NO_COLOR="1"), "plain", f"{line}, with NO_COLOR")
        if re.search("OPENS|BROKEN", plain) and with_colours == plain:
            wrong.append(f"{line}: no colours, exit {status}")
    return wrong


def script(program, conf):
    """Yields the lines of a case's script, each with its words, or None where it is a comment or empty."""
    for line in (program.folder / conf).with_suffix(".script").read_text(encoding="utf-8").splitlines():
        yield line, None if line.startswith("#") or not line else shlex.split(line)


def print_(program, conf):
    return program.transcript("check", "--elsewhere", "--print", conf)


def proof(program, conf):
    return "".join(f">>> {' '.join(line)}\n{program.transcript(*line)}" for line in (["prove", conf],
                                                                                   ["prove", "--json", conf]))


SHORTEST = 4  # networks of a row that are all shown


def diff(program, conf):
    """For people as it is; of JSON a line for each row."""
    old = old_name(conf)
    status, rows = diff_rows(program, old, conf)
    lines = [json.dumps(shortened(row), ensure_ascii=False) + "\n" for row in rows]
    told = f">>> diff {old} {conf}\n{program.transcript('diff', old, conf)}"
    return told if status == 2 else told + f">>> diff --json {old} {conf}\n{''.join(lines)}"


def old_name(conf):
    return f"{pathlib.Path(conf).stem}.old"


def diff_rows(program, old, new):
    """Returns the exit status, and the rows."""
    status, output, _ = program.run("diff", "--json", old, new)
    return status, json.loads(output) if status != 2 else []


def known(rows):
    """Returns the rows without the one that says that there was more to try than can be."""
    return [row for row in rows if row != {"incomplete": True}]


def shortened(row):
    if "clients" not in row:
        return row
    long = len(row["clients"]) > SHORTEST
    return row | {"clients": f"{len(row['clients'])} networks" if long else row["clients"]}


def sound_diff(program, conf):
    """Returns what is wrong with a difference in itself, or an empty list."""
    old = old_name(conf)
    status, rows = diff_rows(program, old, conf)
    statuses = {status} | {program.run("diff", old, conf)[0]}
    wrong = [] if status == 2 or statuses == {bool(rows)} else [f"exit status {statuses}"]
    shown = known(rows)
    for row in shown:
        wrong += wrong_rows([row | {"by": None}])
    for one, other in itertools.combinations(shown, 2):
        if one | {"clients": None} == other | {"clients": None}:
            wrong.append(f"two rows that could be one: {one['clients']}, {other['clients']}")
    back = known(diff_rows(program, conf, old)[1])
    there, back = (sorted(map(json.dumps, each)) for each in (map(outline, shown), map(turned, back)))
    return wrong + difference("\n".join(there), "\n".join(back), "there", "back")


def outline(row):
    return row["clients"], row["authenticated"], row["users"], row["old"], row["new"]


def turned(row):
    return outline(row | {"old": row["new"], "new": row["old"]})


def unchanged(program, conf):
    """Returns what differs between a file and what is printed of it (and printed_again has written), or an empty list."""
    if not program.loads(conf):
        return []
    rows = known(diff_rows(program, conf, printed_name(conf))[1])
    told = program.transcript("diff", conf, printed_name(conf))
    return [f"what is printed judges differently: {told}"] if rows else []


MTAS = ("postfix", "sendmail")


def settings(program, conf):
    return "".join(f">>> mta {mta} {conf}\n{program.transcript('mta', mta, conf)}" for mta in MTAS)


def narrow_settings(program, conf):
    """Returns the comments that do not fit a terminal, or an empty list."""
    lines = (line for mta in MTAS for line in program.run("mta", mta, conf)[1].splitlines())
    return [f"over 80 columns: {line}" for line in lines if len(line) > 80 and re.match("#|dnl ", line)]


def same_settings(program, conf):
    """Returns what is printed otherwise in JSON, or file by file, or an empty list."""
    wrong = []
    for mta in MTAS:
        status, output, _ = program.run("mta", "--json", mta, conf)
        files = json.loads(output)["files"] if status == 0 else []
        whole = "\n".join(f"======== {each['name']} ========\n\n{each['text']}" for each in files)
        wrong += difference(program.run("mta", mta, conf)[1], whole, "as text", "as JSON")
        for each in files:
            alone = program.run("mta", "--file", each["name"], mta, conf)[1]
            wrong += difference(alone, each["text"], "alone", "as JSON")
    return wrong


def report_runs(program, name):
    """Yields the lines of a case's script, each with the arguments of a run, or None where it is a comment or empty."""
    for line, words in script(program, name):
        environment = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
        while words and re.match("[A-Z_]+=", words[0]):
            variable, value = words.pop(0).split("=", 1)
            environment[variable] = value
        given = os.devnull
        if words and "<" in words:
            given = words[words.index("<") + 1]
            words = words[:words.index("<")]
        yield line, words and (["report", *words], {"given": given, "environment": environment})


def page_of(program, words):
    """The page that a run wrote, or None."""
    page = program.folder / words[words.index("--html") + 1] if "--html" in words else None
    return page if page and page.is_file() else None


def report(program, name):
    text = []
    for line, run in report_runs(program, name):
        text.append(f">>> {line}\n" if run else f"{line}\n")
        if run:
            text.append(program.transcript(*run[0], **run[1]))
            page = page_of(program, run[0])
            text.append(page.read_text(encoding="utf-8") if page else "")
    return "".join(text)


def narrow_report(program, name):
    """Returns the lines of reports for people that do not fit a terminal, or an empty list."""
    lines = (line for _, run in report_runs(program, name) if run and "--json" not in run[0]
             for line in program.run(*run[0], **run[1])[1].splitlines())
    return [f"over 80 columns: {line}" for line in lines if len(line) > 80]


def sums(volumes):
    """The sum of volumes, as a list of figures."""
    figures = [[each for value in volume.values() for each in (value.values() if isinstance(value, dict) else [value])]
               for volume in volumes if volume]
    return [sum(column) for column in zip(*figures)]


def figures_add_up(program, name):
    """Returns where figures in JSON do not add up, or an empty list."""
    wrong = []
    for line, run in report_runs(program, name):
        status, output, _ = program.run(*run[0], **run[1]) if run and "--json" in run[0] else (2, "", "")
        if status != 0:
            continue
        found = json.loads(output)
        total = sums(found["total"].values())
        rows = [sums(listener["total"] for listener in found["listeners"]),
                sums(volume for time in found["times"] for volume in time["volumes"])]
        wrong += [f">>> {line}: {row} is not {total}" for row in rows if row and row != total]
        records = sum(volume[each] for volume in found["total"].values()
                      for each in ("accepted", "refused", "abandoned", "sessions_refused"))
        read = found["read"]
        if (records != found["period"]["records"] or records + found["period"]["records_outside"] != read["records"] or
                read["records"] + read["foreign"] + read["torn"] != read["lines"]):
            wrong.append(f">>> {line}: records that are lost")
    return wrong


PAGE_ELEMENTS = set("html head meta title style body h1 h2 div section p span table thead tbody tr th td bdi footer svg line "
                    "rect text".split())


def sound_page(program, name):
    """Returns what is wrong with the pages of a case, or an empty list."""
    wrong = []
    for _, run in report_runs(program, name):
        page = page_of(program, run[0]) if run else None
        if page is None:
            continue
        text = page.read_text(encoding="utf-8")
        try:
            elements = list(xml.etree.ElementTree.fromstring(text).iter())
        except xml.etree.ElementTree.ParseError as error:
            wrong.append(f"the page is not sound: {error}")
            continue
        wrong += [f"the page has an element <{each.tag}>" for each in elements
                  if each.tag.rsplit("}")[-1] not in PAGE_ELEMENTS]
        wrong += [f"the page has an attribute {attribute}" for each in elements for attribute in each.attrib
                  if attribute.startswith("on") or attribute in ("href", "src", "style")]
        wrong += [f"the page names another: {each}" for each in re.findall(r"(?:url\(|@import|https?:)\S*", text)
                  if not each.startswith("http://www.w3.org/")]
        if "prefers-color-scheme:dark" not in text:
            wrong.append("the page is not for a dark screen")
    return wrong


def sound_proof(program, conf):
    """Returns what is wrong with a proof in itself, or an empty list."""
    status, output, messages = program.run("prove", "--json", conf)
    if status == 2:
        return [] if messages and not output else ["prove --json: trouble without a word, or with a proof"]
    found = json.loads(output)
    wrong = []
    if status != (0 if all(promise["holds"] for promise in found["never"]) else 1):
        wrong.append(f"prove --json: exit status {status}")
    for promise in found["never"]:
        if promise["session"] is not None and program.run("explain", "-c", conf, *promise["session"])[0] != 0:
            wrong.append(f"explain refuses what breaks a promise: {shlex.join(promise['session'])}")
    for listener in found["listeners"]:
        wrong += [f"{listener['name']}: {text}" for text in wrong_rows(listener["relay"])]
    return wrong


def wrong_rows(rows):
    """Yields what is wrong with the rows of a listener."""
    for row in rows:
        networks = [ipaddress.ip_network(text) for text in row["clients"]]
        fewest = [network for version in (4, 6) for network in
                  ipaddress.collapse_addresses(each for each in networks if each.version == version)]
        if networks != fewest:
            yield f"networks that are not the fewest: {row['clients']}"
    for one, other in itertools.combinations(rows, 2):
        if one["authenticated"] == other["authenticated"]:
            if all(one[name] == other[name] for name in ("users", "when", "by")):
                yield f"two rows that could be one: {one['clients']}, {other['clients']}"
            if overlap(one["clients"], other["clients"]):
                yield f"networks in two rows: {one['clients']}, {other['clients']}"


def overlap(one, other):
    return any(a.version == b.version and a.overlaps(b) for a, b in
               itertools.product(map(ipaddress.ip_network, one), map(ipaddress.ip_network, other)))


def narrow(program, conf):
    """Returns the lines for people that do not fit a terminal, or an empty list; file names and tables of steps may."""
    arguments = ["diff", old_name(conf)] if (program.folder / old_name(conf)).exists() else ["prove"]
    lines = program.run(*arguments, conf)[1].splitlines()
    return [f"over 80 columns: {line}" for line in lines if len(line) > 80 and not line.startswith("    ")]


def claimed(program, conf):
    """Returns what the comments of a file claim that its proof says, and it does not, or an empty list."""
    lines = (program.folder / conf).read_text(encoding="utf-8").splitlines()
    if CLAIM not in lines:
        return [f"there is no comment: {CLAIM}"]
    said = iter(" ".join(line.split()) for line in program.run("prove", conf)[1].splitlines())
    block = itertools.takewhile(lambda line: line.startswith("#  "), lines[lines.index(CLAIM) + 2:])
    # Lines in the order in which they are said; a listener's goes on with where it stands.
    return [f"claimed, and not said: {line}" for line in block
            if not any(each == " ".join(line[1:].split()) or each.startswith(" ".join(line[1:].split()) + " (")
                       for each in said)]


def same_in_json(program, conf):
    """Returns what is wrong with the messages that are printed for programs, or an empty list."""
    messages = program.check( conf)[2]
    listed = json.loads(program.check( "--json", conf)[1])
    for row in listed:
        row["place"] = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
    text = "".join("{place}: {severity}: {message}\n".format(**row) for row in listed)
    return difference(messages, text, "as text", "as JSON")


def strict(program, conf):
    """Returns what is wrong with the exit status under --strict, or an empty list."""
    status = program.check( "--strict", conf)[0]
    wanted = 1 if program.check( conf)[2] else 0
    return [] if status == wanted else [f"check --strict: exit status {status}, not {wanted}"]


def printed_name(conf):
    return f"{pathlib.Path(conf).stem}.printed"


def printed_again(program, conf):
    """Returns what is lost when a file that loads is printed, and that is read, or an empty list."""
    if not program.loads(conf):
        return []
    printed = program.check( "--print", conf)[1]
    again = printed_name(conf)
    (program.folder / again).write_text(printed, encoding="utf-8")
    status, text, messages = program.check( "--print", again)
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


def proved_again(program, conf):
    """Returns what is proved otherwise of a file once it is printed (and printed_again has written it), or nothing."""
    if not program.loads(conf):
        return []
    one, other = (re.sub(r"[\w-]+\.\w+:\d+", "...", program.run("prove", "--json", name)[1])
                  for name in (conf, printed_name(conf)))
    return difference(one, other, "of the file", "of what is printed of it")


def places_removed(judgement):
    return re.sub(r'"by": ("[^"]*"|null)', '"by": ...', judgement)


def difference(one, other, one_name, other_name):
    return list(difflib.unified_diff(one.splitlines(), other.splitlines(), one_name, other_name, lineterm=""))


KINDS = {
    "diagnostics": (HERE / "diagnostics", diagnostics, [same_in_json, strict, printed_again, unchanged]),
    "sessions": (HERE / "sessions", sessions, [printed_again, unchanged, judged_again]),
    "print": (HERE / "print", print_, [printed_again, unchanged]),
    "examples": (EXAMPLES, diagnostics, [strict, printed_again, unchanged]),
    "commands": (HERE / "commands", commands, [coloured]),
    "diffs": (HERE / "diffs", diff, [sound_diff, narrow, printed_again, unchanged]),
    "proofs": (HERE / "proofs", proof, [sound_proof, narrow, printed_again, unchanged, proved_again]),
    "reports": (HERE / "reports", report, [narrow_report, figures_add_up, sound_page]),
    "settings": (HERE / "settings", settings, [narrow_settings, same_settings]),
    "shipped_settings": (EXAMPLES, settings, [narrow_settings, same_settings]),
    "shipped": (EXAMPLES, proof, [sound_proof, narrow, claimed]),
}


def judge(program, kind, conf):
    """Returns what is wrong with a case, or an empty list."""
    folder, transcribe, checks = KINDS[kind]
    expected = ((HERE / kind if (HERE / kind).is_dir() else folder) / conf).with_suffix(".expected")
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
        cases = sorted(case.name for case in folder.glob("*.script" if kind == "reports" else "*.conf"))
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
