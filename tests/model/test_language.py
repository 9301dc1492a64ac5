"""The model before the rule language's own example and its own sentences: `python3 test_language.py`."""

import unittest

import facts
from language import explain

GATEWAY = {
    "file": "gateway.conf",
    "networks": {
        "lan": ["127.0.0.0/8", "::1", "172.16.0.0/16", "!@router"],
        "router": ["172.16.1.1"],
        "perimeter": ["198.51.100.10", "198.51.100.11"],
        "blocked": {"file": "blocked.networks", "entries": ["203.0.113.0/24"]},
    },
    "domains": {"ours": ["d-advantage.jp", ".d-advantage.jp", "localhost"]},
    "addresses": {"aliases": ["sales@d-advantage.jp", "info@d-advantage.jp"]},
    "users": {"staff": {"file": "staff.users", "entries": ["hana@", "taro"]}},
    "local_domains": ["@ours"],
    "listeners": [
        {
            "line": 21,
            "name": "inbound",
            "match": {"port": [25], "address": ["172.16.1.11", "127.0.0.1", "::1"]},
            "direction": "inbound",
            "connection": {"line": 26, "mode": "all-except", "clients": ["@blocked"]},
            "auth": {"line": 27, "mode": "forbidden"},
            "relay": {"line": 28, "mode": "only", "clients": ["@lan"], "authenticated": False},
            "mail": [
                {
                    "line": 31,
                    "verdict": "reject",
                    "sender": ["@ours", "@aliases"],
                    "unless": {"client": ["@lan"]},
                    "reply": "550 5.7.1 {sender} is ours: send it from inside",
                }
            ],
        },
        {
            "line": 35,
            "name": "remote",
            "match": {"port": [587, 60025]},
            "direction": "outbound",
            "auth": {"line": 39, "mode": "required", "users": ["@staff"], "tls": True},
            "relay": {"line": 40, "mode": "only", "clients": [], "authenticated": True, "users": ["@staff"]},
        },
        {
            "line": 42,
            "name": "machine",
            "match": {"local": True},
            "direction": "outbound",
            "relay": {"line": 46, "mode": "only", "clients": ["127.0.0.1"]},
        },
    ],
}


def one_listener(**settings):
    """A rule set whose only listener, at line 1, has these settings."""
    return {
        "file": "one.conf",
        "local_domains": ["ours.example", "bücher.example"],
        "listeners": [{"line": 1, "name": "one", "direction": "inbound", **settings}],
    }


def judged(rule_set, *recipients, **session):
    """What explain says of a session from 192.0.2.1 unless told otherwise."""
    session = {"client": "192.0.2.1", **session}
    return explain(rule_set, {**session, "recipients": [{"recipient": each} for each in recipients]})


class Gateway(unittest.TestCase):
    """The whole example of the rule language."""

    def verdict(self, recipient, **session):
        return judged(GATEWAY, recipient, **session)["verdict"]

    def test_explain_prints_the_example_object(self):
        expected = {
            "listener": "inbound",
            "verdict": "reject",
            "stages": [
                {"stage": "connect", "verdict": "accept", "by": "gateway.conf:26", "rule": "connection"},
                {"stage": "helo", "verdict": "accept", "by": None, "rule": None},
                {"stage": "mail", "verdict": "accept", "by": "gateway.conf:27", "rule": "auth"},
                {
                    "stage": "rcpt",
                    "recipient": "test@example.com",
                    "relay": True,
                    "verdict": "reject",
                    "reply": "550 5.7.1 Unable to relay for test@example.com",
                    "by": "gateway.conf:28",
                    "rule": "relay",
                },
            ],
        }
        self.assertEqual(judged(GATEWAY, "test@example.com", listener="inbound", client="172.16.1.1"), expected)

    def test_the_lan_relays_but_not_the_router(self):
        self.assertEqual(self.verdict("test@example.com", listener="inbound", client="172.16.1.51"), "accept")
        self.assertEqual(self.verdict("test@example.com", listener="inbound", client="172.16.1.1"), "reject")

    def test_our_senders_come_from_inside(self):
        session = {"port": 25, "address": "::1", "client": "172.16.1.1", "sender": "<Sales@D-Advantage.jp.>"}
        told = judged(GATEWAY, "a@localhost", **session)
        self.assertEqual(told["stages"][-1]["reply"], "550 5.7.1 Sales@D-Advantage.jp. is ours: send it from inside")
        self.assertEqual(told["stages"][-1]["by"], "gateway.conf:31")
        session = {"port": 25, "address": "::1", "client": "172.16.1.2", "sender": "sales@d-advantage.jp"}
        self.assertEqual(self.verdict("a@localhost", **session), "accept")

    def test_remote_wants_staff_and_encryption(self):
        session = {"port": 587, "client": "203.0.113.9", "mechanism": "PLAIN"}
        self.assertEqual(self.verdict("a@example.com", **session), "reject")
        self.assertEqual(self.verdict("a@example.com", **session, user="hana@d-advantage.jp", tls=128), "accept")
        self.assertEqual(self.verdict("a@example.com", **session, user="taro@d-advantage.jp", tls=128), "reject")
        self.assertEqual(self.verdict("a@example.com", **session, user="hana", tls=0), "reject")

    def test_the_machine_itself_relays(self):
        self.assertEqual(self.verdict("a@example.com", local=True), "accept")

    def test_nobody_listens_elsewhere(self):
        told = judged(GATEWAY, "a@example.com", port=465)
        self.assertIsNone(told["listener"])
        self.assertEqual(told["stages"][0]["reply"], "451 4.3.5 No policy for this listener")


class Tables(unittest.TestCase):
    """What entries, `@` and `!` match."""

    def matches(self, condition, value, stage="mail", groups=None, **session):
        rule_set = one_listener(**{stage: [{"line": 2, "verdict": "reject", condition: value}]})
        rule_set.update(groups or {})
        return judged(rule_set, **session)["verdict"] == "reject"

    def test_mapped_addresses_are_ipv4(self):
        self.assertTrue(self.matches("client", ["192.0.2.0/24"], client="::ffff:192.0.2.1"))
        self.assertTrue(self.matches("client", ["::ffff:192.0.2.0/120"], client="192.0.2.1"))
        self.assertFalse(self.matches("client", ["::/0"], client="::ffff:192.0.2.1"))

    def test_an_exclusion_counts_in_its_own_array_only(self):
        networks = {"networks": {"lan": ["192.0.2.0/24", "!@gateways"], "gateways": ["192.0.2.1"]}}
        self.assertFalse(self.matches("client", ["@lan"], groups=networks))
        self.assertTrue(self.matches("client", ["@lan", "@gateways"], groups=networks))
        self.assertFalse(self.matches("client", ["!@gateways", "@lan", "@gateways"], groups=networks))

    def test_names_below_an_entry(self):
        self.assertFalse(self.matches("helo", ["example.com"], helo="mail.example.com"))
        self.assertTrue(self.matches("helo", [".example.com"], helo="Mail.Example.COM."))
        self.assertFalse(self.matches("helo", [".example.com"], helo="example.com"))
        self.assertFalse(self.matches("helo", ["/./"]))

    def test_names_compare_as_a_labels(self):
        self.assertTrue(self.matches("helo", ["BÜCHER.example"], helo="xn--bcher-kva.example"))
        self.assertFalse(self.matches("helo", ["strasse.example"], helo="straße.example"))

    def test_only_unknown_matches_the_unknown_client(self):
        self.assertTrue(self.matches("client_name", ["unknown"]))
        self.assertFalse(self.matches("client_name", ["/unknown/", ".unknown"]))
        self.assertTrue(self.matches("client_name", ["unknown", "!/./"]))

    def test_address_entries(self):
        self.assertTrue(self.matches("sender", ["user@example.com"], sender='@a:"User"@Example.com'))
        self.assertTrue(self.matches("sender", ["user@"], sender="user"))
        self.assertTrue(self.matches("sender", ["/^user$/"], sender="user"))
        self.assertTrue(self.matches("sender", [".example.com"], sender="a@b.example.com"))
        self.assertFalse(self.matches("sender", ["user@example.com"], sender='"user@example.com"'))

    def test_only_its_entry_matches_the_null_sender(self):
        self.assertTrue(self.matches("sender", ["<>"]))
        self.assertFalse(self.matches("sender", ["/^/", "/@/"]))

    def test_domain_tables_are_about_the_domain(self):
        groups = {"domains": {"letters": ["/b/"]}}
        self.assertTrue(self.matches("sender", ["@letters"], groups=groups, sender="a@b"))
        self.assertFalse(self.matches("sender", ["@letters"], groups=groups, sender="b@a"))
        self.assertFalse(self.matches("sender", ["@letters"], groups=groups, sender="b"))

    def test_logins_compare_exactly_and_with_one_realm(self):
        for login, expected in (("bob", True), ("bob@x", True), ("bob@", False), ("bob@x@y", False), ("Bob", False)):
            self.assertEqual(self.matches("user", ["bob@"], user=login), expected, login)


class Recipients(unittest.TestCase):
    """Local, relay or unreadable."""

    def entry(self, recipient, resolved=None, **session):
        session = {"client": "192.0.2.1", "address": "192.0.2.25", **session}
        recipients = [{"recipient": recipient} | ({"resolved": resolved} if resolved else {})]
        return explain(one_listener(), {**session, "recipients": recipients})["stages"][3]

    def test_local(self):
        for recipient in (
            "a@ours.example", "<A@OURS.example.>", "postmaster", "a@[192.0.2.25]", "a@[IPv6:::ffff:192.0.2.25]",
            "a@xn--bcher-kva.example", "foo..bar.@ours.example", '"a b"@ours.example',
        ):
            self.assertEqual(self.entry(recipient)["verdict"], "accept", recipient)

    def test_relay(self):
        for recipient in (
            "a@sub.ours.example", "@b:a@ours.example", "@[IPv6:::1]:a@ours.example", "a%b@ours.example", "a%b", "@a:b",
            "b!a@ours.example", '"a@b"@ours.example', "a@b@ours.example", "@b@ours.example", "a@[192.0.2.26]",
            "a@[2001:db8::1]",
        ):
            entry = self.entry(recipient)
            self.assertEqual((entry["rule"], entry["by"]), ("relay", "one.conf:1"), recipient)
            self.assertEqual(entry["reply"], f"550 5.7.1 Unable to relay for {recipient}")

    def test_unreadable(self):
        for recipient in (
            "", "<>", "@ours.example", "a@", "a@.", "a@ours.example..", '"a@ours.example', "a@[192.0.2.25", "@a:",
            "<a@ours.example", '""@ours.example', "a\tb@ours.example", "@[192.0.2.1:a@ours.example",
        ):
            entry = self.entry(recipient)
            self.assertEqual((entry["rule"], entry["by"], entry["relay"]), ("syntax", None, True), recipient)

    def test_what_does_not_convert_is_never_local(self):
        rule_set = one_listener() | {"local_domains": ["/./"]}
        self.assertEqual(judged(rule_set, "a@b")["verdict"], "accept")
        self.assertEqual(judged(rule_set, "a@" + "b" * 64)["verdict"], "reject")

    def test_resolved_addresses_count_and_are_shown(self):
        self.assertEqual(self.entry("a@ours.example", "b%c@ours.example")["verdict"], "accept")
        self.assertEqual(self.entry("a@ours.example", "b")["verdict"], "accept")
        entry = self.entry("a@ours.example", "<b@example.com>")
        self.assertEqual(entry["reply"], "550 5.7.1 Unable to relay for b@example.com")
        self.assertEqual(entry["recipient"], "a@ours.example")


class Stages(unittest.TestCase):
    """Rules, blocks and replies."""

    def test_accept_at_rcpt_is_about_local_recipients(self):
        rule = {"line": 2, "verdict": "accept"}
        self.assertEqual(judged(one_listener(rcpt=[rule]), "a@example.com")["verdict"], "reject")
        self.assertEqual(judged(one_listener(rcpt=[rule | {"relay": True}]), "a@example.com")["verdict"], "accept")

    def test_unless_exempts_only_who_meets_all_of_it(self):
        rule = {"line": 2, "verdict": "reject", "unless": {"client": ["192.0.2.1"], "helo": ["a"]}}
        self.assertEqual(judged(one_listener(mail=[rule]), helo="a")["verdict"], "accept")
        self.assertEqual(judged(one_listener(mail=[rule]), helo="b")["verdict"], "reject")
        self.assertEqual(judged(one_listener(mail=[rule]))["verdict"], "reject")

    def test_a_name_is_asked_for_only_where_it_matters(self):
        rule = {"line": 2, "verdict": "reject", "client_name": ["a"], "client": ["192.0.2.1"]}
        told = judged(one_listener(connect=[rule]), client_name="[TEMPUNAVAIL]")
        self.assertEqual(told["stages"][0]["reply"], "450 4.7.1 Cannot look up your name, try again later")
        self.assertEqual(told["stages"][0]["rule"], "connect[1]")
        told = judged(one_listener(connect=[rule]), client_name="[TEMPUNAVAIL]", client="192.0.2.2")
        self.assertEqual(told["verdict"], "accept")

    def test_recipients_over_counts_the_accepted(self):
        rule_set = one_listener(data=[{"line": 2, "verdict": "tempfail", "recipients_over": 1}])
        one, two = "a@ours.example", "b@ours.example"
        self.assertEqual(judged(rule_set, one, "c@example.com")["stages"][-1]["verdict"], "accept")
        self.assertEqual(judged(rule_set, one, two)["stages"][-1]["reply"], "451 4.7.1 Try again later")

    def test_a_login_that_auth_would_not_admit_does_not_relay(self):
        settings = {
            "auth": {"line": 2, "users": ["bob"]},
            "relay": {"line": 3, "mode": "only", "authenticated": True},
            "mail": [{"line": 4, "verdict": "accept"}],
        }
        self.assertEqual(judged(one_listener(**settings), "a@example.com", user="bob")["verdict"], "accept")
        self.assertEqual(judged(one_listener(**settings), "a@example.com", user="eve")["verdict"], "reject")

    def test_anonymous_is_no_login(self):
        rule_set = one_listener(auth={"line": 2, "mode": "required"})
        self.assertEqual(judged(rule_set, user="bob", mechanism="Anonymous")["verdict"], "reject")

    def test_replies_are_cleaned_and_have_lines(self):
        rule = {"line": 2, "verdict": "reject", "reply": "550 5.7.1 {helo}\n{user}{listener}"}
        told = judged(one_listener(mail=[rule]), helo="{user}ü\r", user="x" * 257)
        self.assertEqual(told["stages"][-1]["reply"], "550-5.7.1 {user}???\n550 5.7.1 " + "x" * 253 + "...one")

    def test_a_network_has_no_ipv4_unless_it_is_mapped(self):
        self.assertEqual(str(facts.read_network("::ffff:0:0/96")), "0.0.0.0/0")
        self.assertEqual(facts.read_network("::fffe:0:0/95").version, 6)


if __name__ == "__main__":
    unittest.main()
