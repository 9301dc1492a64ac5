"""Pieces of rule files that several suites share."""

OURS = "example.net"
LOCAL_DOMAINS = f'local_domains = [ "{OURS}", ".{OURS}" ];'

# Every relay recipient passes: what is refused, the rule under test refused.
OPEN = 'relay = { mode = "all-except"; clients = []; };'

HOLDS = "550 5.7.1 it holds"


def listener(*body, name="inbound", match=""):
    """One listener with these settings."""
    chosen = f"match = {{ {match} }};" if match else ""
    return f'{{ name = "{name}"; direction = "inbound"; {chosen} {" ".join(body)} }}'


def rule_file(*listeners, tables="", local_domains=LOCAL_DOMAINS):
    """A whole rule file without the daemon's own settings."""
    return f"{tables}\n{local_domains}\nlisteners = ( {', '.join(listeners)} );\n"


def one(*body, tables="", local_domains=LOCAL_DOMAINS):
    """A rule file with one listener, which takes everything."""
    return rule_file(listener(*body), tables=tables, local_domains=local_domains)


def refuse(stage, conditions, reply=HOLDS):
    """A stage with one rule, which refuses what the conditions hold for."""
    verdict = "tempfail" if reply.startswith("4") else "reject"
    return f'{stage} = ( {{ {conditions} verdict = "{verdict}"; reply = "{reply}"; }} );'
