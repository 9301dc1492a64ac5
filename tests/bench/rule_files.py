"""Rule files with as many rules, tables and networks as a benchmark wants."""

import random

_HEAD = """
local_domains = [ "example.net" ];
networks = { %s };
listeners = (
  {
    name = "server"; direction = "inbound";
    relay = { mode = "only"; clients = [ "172.16.0.0/16" ]; };
    rcpt = (
%s
    );
  }
);
"""


def networks(count, chance):
    """Lines of a table file: single addresses and /24 mostly, as in real lists, none of them 172.16.0.0/16."""
    lines = []
    while len(lines) < count:
        bits = chance.choice((32, 32, 24, 24, 20, 16))
        base = chance.getrandbits(32) >> (32 - bits) << (32 - bits)
        if 1 <= base >> 24 < 224 and base >> 24 not in (127, 172):
            octets = ".".join(str(base >> shift & 255) for shift in (24, 16, 8, 0))
            lines.append(octets if bits == 32 else f"{octets}/{bits}")
    return "\n".join(lines) + "\n"


def tables(directory, count, total):
    """Writes so many table files, with so many networks in all; returns what a rule file says of them, and their names."""
    chance = random.Random(f"{count} {total}")
    names = [f"t{number}" for number in range(count)]
    for number, name in enumerate(names):
        share = total * (number + 1) // count - total * number // count
        (directory / f"{name}.{count}.{total}").write_text(networks(share, chance))
    return " ".join(f'{name} = {{ file = "{name}.{count}.{total}"; }};' for name in names), names


def made(directory, rules, table_count, total):
    """A rule file whose listener has so many rules at rcpt, none of which matches; returns its path."""
    said, names = tables(directory, table_count, total)
    lines = ",\n".join(f'      {{ verdict = "reject"; client = [ "@{names[number % table_count]}" ]; }}'
                       for number in range(rules))
    path = directory / f"made.{rules}.{table_count}.{total}.conf"
    path.write_text(_HEAD % (said, lines))
    return path


def gateway(directory, examples, name, table_count=0, total=0, rules=0):
    """The gateway example, beside a listener whose rules ask for so many tables; with so many more rules at mail."""
    text = (examples / "gateway.conf").read_text()
    said, names = tables(directory, table_count, total) if table_count else ("", [])
    asked = ", ".join(f'{{ verdict = "reject"; client = [ "@{each}" ]; }}' for each in names)
    more = ", ".join('{ verdict = "reject"; client = [ "@blocked" ]; sender = [ "@aliases" ]; }' for _ in range(rules))
    text = _put(text, "networks = {", said)
    text = _put(text, "listeners = (", f"""{{ name = "many"; match = {{ port = [ 2000 ]; }}; direction = "inbound";
        relay = {{ mode = "only"; clients = [ "@lan" ]; }}; mail = ( {asked} ); }},""" if names else "")
    text = _put(text, 'name       = "inbound";', f"rcpt = ( {more} );" if rules else "")
    for listed in examples.iterdir():
        if listed.suffix != ".conf":
            (directory / listed.name).write_bytes(listed.read_bytes())
    path = directory / f"{name}.conf"
    path.write_text(text)
    return path


def _put(text, behind, more):
    before, found, after = text.partition(behind)
    if not found:
        raise ValueError(f"the example has no {behind!r}")
    return before + found + "\n" + more + after
