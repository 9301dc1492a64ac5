"""Prints a rule set as libconfig text, in ever other layouts, and knows on which line everything stands.

The layout is half of the test: what decided is named by its line, so lines must be counted right whatever comments,
line ends and strings stand before it.
"""

BLOCKS = ("connection", "auth", "relay")
LARGEST_INT = 2**31 - 1
COMMENTS = (
    "# plain\n",
    "// \"not\" \"joined\" [ {\n",
    '/* "a" "b"\n   ); } */',
    "/**/",
    "# don't \\\n",
    "\n\n",
)


def is_list_of_groups(value):
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


class Printer:
    """Writes text and counts its lines.  `wild` is how likely something unusual is at each gap."""

    def __init__(self, rng, wild):
        self.rng = rng
        self.wild = wild
        self.text = []
        self.line = 1

    def put(self, text):
        self.text.append(text)
        self.line += text.count("\n")

    def chance(self, share=1.0):
        return self.rng.random() < self.wild * share

    def gap(self, usual=" "):
        """Blanks, or blanks and a comment, or a new line."""
        if self.chance(0.3):
            self.put(" " + self.rng.choice(COMMENTS))
        self.put("\n  " if self.chance(0.3) else usual)

    def settings(self, settings, separator):
        """Settings of a group, in any order; each block keeps the line that its name is on."""
        names = [name for name in settings if name != "line"]
        self.rng.shuffle(names)
        for name in names:
            self.gap(separator)
            value = settings[name]
            if name in BLOCKS and isinstance(value, dict):
                value["line"] = self.line
            self.put(name)
            self.gap()
            self.put(":" if self.chance(0.3) else "=")
            self.gap()
            self.value(value)
            if isinstance(value, str) and self.chance(0.2):
                self.put('\n""')  # libconfig joins strings
            self.put(self.rng.choice((",", " ", "\n")) if self.chance(0.5) else ";")

    def group(self, settings, separator=" "):
        self.put("{")
        self.settings(settings, separator)
        self.gap()
        self.put("}")

    def value(self, value):
        if isinstance(value, dict):
            self.group({"file": value["file"]} if "file" in value else value)
        elif is_list_of_groups(value):
            self.groups(value)
        elif isinstance(value, list):
            self.array(value)
        else:
            self.put(self.scalar(value))

    def groups(self, groups):
        """A list of rules or listeners; each keeps the line of its brace."""
        self.put("(")
        for number, group in enumerate(groups):
            if number:
                self.put(",")
            self.gap("\n  ")
            group["line"] = self.line
            self.group(group, "\n    " if "direction" in group else " ")
        self.gap("\n")
        self.put(")")

    def array(self, values):
        self.put("[")
        for number, value in enumerate(values):
            if number:
                self.put(",")
            self.gap()
            self.put(self.scalar(value))
        self.gap()
        self.put("]")

    def scalar(self, value):
        if isinstance(value, bool):
            word = "true" if value else "false"
            return word.capitalize() if self.chance(0.3) else word
        if isinstance(value, int):
            digits = hex(value) if self.chance(0.3) else str(value)
            return digits if value <= LARGEST_INT else digits + "L"
        return '"' + "".join(self.character(character) for character in value) + '"'

    def character(self, character):
        if character in '"\\':
            return "\\" + character
        if character == "\n":
            return "\\n"
        if character in ".@" and self.chance(0.05):
            return f"\\x{ord(character):02x}"
        return character


def print_rule_set(rule_set, rng, wild):
    """The text of the rule file.  Sets the "line" of every rule, block and listener in the rule set."""
    printer = Printer(rng, wild)
    printer.settings({name: value for name, value in rule_set.items() if name != "file"}, "\n")
    printer.put("\n")
    return "".join(printer.text)


def print_table(entries, rng):
    """The text of a table file: one entry a line, among comments, blank lines and other people's line ends."""
    end = rng.choice(("\n", "\n", "\r\n"))
    lines = []
    for entry in entries:
        if rng.random() < 0.2:
            lines.append(rng.choice(("# comment", "", "  ", "\t# !bob@")))
        lines.append(rng.choice(("", "", " ", "\t")) + entry + rng.choice(("", "", "", " ", "\t# comment", " #!")))
    if rng.random() < 0.5:
        lines.append("# the end")
    text = end.join(lines) + rng.choice(("", end))
    return rng.choice(("", "", "\ufeff")) + text


def table_files(rule_set):
    """The tables that stand in files of their own: path and entries."""
    for group in ("networks", "domains", "addresses", "users"):
        for value in rule_set.get(group, {}).values():
            if isinstance(value, dict):
                yield value["file"], value["entries"]
