"""One address, many spellings: what the MTA reads in an address is what the rules are asked about."""

from rules import HOLDS, OPEN, OURS, one, refuse
from support.suite import Suite

suite = Suite(__doc__)

STAFF = f"all-staff@{OURS}"

# MTAs read comments, blanks, quoted pairs and the punctuation of lists as RFC 5322 has them, and are then at all-staff;
# Sendmail takes a ";" for a part of the name.
RECIPIENTS = [
    f'all-staff@"{OURS}"', f'"all-staff"@"{OURS}"',
    rf"all-staf\f@{OURS}", rf"\all-staff@{OURS}", f"all-staff(x)@{OURS}", f"(x)all-staff@{OURS}", f"all-staff @{OURS}",
    f" all-staff@{OURS}", f'"all-staff" @{OURS}', f";all-staff@{OURS}", f'"all-staff"@{OURS}', f"ALL-Staff@{OURS}.",
]

SENDERS = [
    f'sales@"{OURS}"', f'sales@"{OURS.split(".")[0]}".{OURS.split(".", 1)[1]}',
    f"sales@{OURS} (x)", f"sales@{OURS}(x)", f"sales@(c){OURS}", f"sales@ {OURS}", rf"sal\es@{OURS}",
    f"{OURS}!sales", f"sales%{OURS}", f'"sales@{OURS}"', f"sales@{OURS.upper()}.", f'"sales"@{OURS}',
]


def must_hold(outcome, stage, spelling):
    """The MTA's own refusal of a spelling is as good as the rule's."""
    replies = outcome.rcpt if stage == "rcpt" else [outcome.mail]
    assert all(str(reply).startswith("5") for reply in replies), f"{spelling}: {replies[0]}"


@suite.case("a rule that refuses a recipient refuses every spelling that the MTA would deliver to it")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", f'recipient = [ "{STAFF}" ];')))
    for recipient in RECIPIENTS:
        outcome = gate.play(recipients=[recipient], deliver=True)
        if [recipients for _, recipients in gate.delivered()] != [[f";all-staff@{OURS}"]]:
            must_hold(outcome, "rcpt", recipient)
            assert gate.delivered() == [], gate.delivered()
        gate.sink.forget()


@suite.case("a rule that refuses our senders refuses every spelling that the MTA would make one of")
def _(gate):
    gate.rules(one(OPEN, refuse("mail", f'sender = [ "{OURS}" ];')))
    for sender in SENDERS:
        must_hold(gate.play(sender=sender, deliver=True), "mail", sender)
    assert gate.delivered() == [], gate.delivered()


@suite.case("a rule that refuses the null sender refuses every spelling of it")
def _(gate):
    gate.rules(one(OPEN, refuse("mail", 'sender = [ "<>" ];')))
    for sender in ("", "(x)", ";", ",", " ", '"" ', "(x) (y)"):
        outcome = gate.play(sender=sender, deliver=True)
        if not any(each.startswith(",") for each, _ in gate.delivered()):  # Sendmail takes it for somebody's name
            must_hold(outcome, "mail", repr(sender))
            assert gate.delivered() == [], gate.delivered()
        gate.sink.forget()


@suite.case("letters that fold to others are those others: a long s, a Kelvin sign")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", f'recipient = [ "{STAFF}", "link@{OURS}" ];')))
    for recipient in (f"all-\u017ftaff@{OURS}", f"ALL-STA\ufb00@{OURS}", f"lin\u212a@{OURS}"):
        must_hold(gate.play(recipients=[recipient], deliver=True), "rcpt", recipient)


@suite.case("an address without a domain is the one that the MTA makes of it", needs={"origin"})
def _(gate):
    gate.rules(one(OPEN, refuse("mail", f'sender = [ "sales@{OURS}" ];'),
                   refuse("rcpt", f'recipient = [ "{STAFF}" ];')))
    gate.play(sender="sales").refused("mail", HOLDS)
    gate.play(sender="someone").accepted()
    gate.play(recipients=["all-staff"]).refused("rcpt", HOLDS)


@suite.case("an address without a domain is known by entries that ask for none")
def _(gate):
    gate.rules(one(OPEN, refuse("mail", 'sender = [ "sales@" ];'), refuse("rcpt", 'recipient = [ "all-staff@" ];')))
    gate.play(sender="sales").refused("mail", HOLDS)
    gate.play(recipients=["all-staff"]).refused("rcpt", HOLDS)


# In a quoted domain, which RFC 5321 does not know, Postfix finds another one.
QUOTED_DOMAINS = [f'test@"example.com@mx".{OURS}', f'test@"b@example.com@mx".{OURS}', f'test@"example.com@{OURS}"']

# MTAs take every one of these that they take to test@example.com.
WAYS_OUT = [f"test%example.com@{OURS}", f"example.com!test@{OURS}", f'"test@example.com"@{OURS}',
            f"test@example.com@{OURS}", f"@{OURS}:test@example.com"]


@suite.case("a rule that relays for our own domain relays nowhere else")
def _(gate):
    rule = f'rcpt = ( {{ verdict = "accept"; relay = true; recipient = [ "{OURS}", ".{OURS}" ]; }} );'
    gate.rules(one(rule, local_domains=""))
    gate.play(recipients=[STAFF]).accepted()
    for recipient in WAYS_OUT + QUOTED_DOMAINS:
        must_hold(gate.play(recipients=[recipient], deliver=True), "rcpt", recipient)
    assert gate.delivered() == [], gate.delivered()


@suite.case("a rule that refuses a recipient refuses what routes to it, from those who may relay, too")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", f'recipient = [ "{STAFF}", "test@example.com" ];')))
    for recipient in WAYS_OUT + [f"all-staff%{OURS}", f"{OURS}!all-staff", f"all-staff%{OURS}@{OURS}"]:
        must_hold(gate.play(recipients=[recipient], deliver=True), "rcpt", recipient)
    assert gate.delivered() == [], gate.delivered()


@suite.case('with resolved = "ignore" a domain that is no name is not below one of ours')
def _(gate):
    gate.rules(one('resolved = "ignore";'))
    for recipient in (f"test@example.com(x.{OURS}", f"test@example.com (.{OURS}", rf"test@example.com(\).{OURS}"):
        must_hold(gate.play(recipients=[recipient], deliver=True), "rcpt", recipient)
    assert gate.delivered() == [], gate.delivered()


@suite.case("the log tells what the MTA reads in an address, and explain comes to the same by it")
def _(gate):
    gate.rules(one(OPEN, refuse("rcpt", f'recipient = [ "{STAFF}" ];')))
    gate.play(recipients=[f"all-staff(x)@{OURS}"]).refused("rcpt", HOLDS)
    gate.daemon.await_line(f"read_as=({STAFF}|all-staff) ")
