"""Sessions under the shipped examples: one that each lets through, and one that it refuses.

A session is told to the load generator in its own options. Where it is refused, it ends there: the empty filter, which
refuses nothing, is then told the same as far as that step.
"""

from dataclasses import dataclass

INSIDE = "172.16.1.51"
ROUTER = "172.16.1.1"
OUTSIDE = "203.0.113.10"


@dataclass(frozen=True)
class Scenario:
    example: str            # the rule file's name, without its suffix
    session: tuple          # options of the load generator
    refused: tuple = ()     # (step, how the reply begins)

    @property
    def title(self):
        return f"{self.example}, " + (f"refused at {self.refused[0]}" if self.refused else "let through")

    @property
    def expected(self):
        """What the load generator must be told of the refusal."""
        return (f"--{self.refused[0]}-refused", self.refused[1]) if self.refused else ()


def _session(client, **options):
    words = ["--client", client]
    for name, value in options.items():
        words += ["--" + name.replace("_", "-"), value]
    return tuple(words)


_LOGIN = {"user": "alice@example.net", "mechanism": "PLAIN", "tls": "256"}

SCENARIOS = (
    Scenario("relay-only-list", _session(INSIDE, recipient="test@example.com")),
    Scenario("relay-only-list", _session(OUTSIDE, recipient="test@example.com"), ("rcpt", "550 5.7.1")),
    Scenario("relay-all-except", _session(INSIDE, recipient="test@example.com")),
    Scenario("relay-all-except", _session(ROUTER, recipient="test@example.com"), ("rcpt", "550 5.7.1")),
    Scenario("authenticated-users", _session(OUTSIDE, recipient="test@example.com", **_LOGIN)),
    Scenario("authenticated-users", _session(OUTSIDE, recipient="test@example.com"), ("rcpt", "550 5.7.1")),
    Scenario("remote-port", _session(OUTSIDE, port="60025", recipient="test@example.com", **_LOGIN)),
    Scenario("remote-port", _session(OUTSIDE, port="60025", recipient="test@example.com"), ("mail", "530 5.7.0")),
    Scenario("gateway", _session(INSIDE, recipient="test@example.com")),
    Scenario("gateway", _session(OUTSIDE, recipient="test@example.com"), ("rcpt", "550 5.7.1")),
    Scenario("sender-filter", _session(OUTSIDE, sender="someone@example.com", recipient="info@example.net")),
    Scenario("sender-filter", _session(OUTSIDE, sender="boss@example.net", recipient="info@example.net"),
             ("mail", "550-5.7.1")),
    Scenario("connection-control", _session(OUTSIDE, client_name="mail.example.org", recipient="info@example.net")),
    Scenario("connection-control", _session("192.0.2.99", recipient="info@example.net"), ("mail", "550 5.7.1")),
)
