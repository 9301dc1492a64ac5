dnl sallyport.m4: what Sendmail needs to know of sallyport
dnl
dnl For a gateway with rules like rules/examples/gateway.conf: port 25 takes mail
dnl for our domains without a login and relays for the LAN; ports 587 and 60025
dnl relay for users who have logged in.
dnl
dnl Copy this file and the file access beside it to /etc/mail.  In
dnl /etc/mail/sendmail.mc take out all lines DAEMON_OPTIONS, and before the first
dnl line MAILER write
dnl
dnl     include(`/etc/mail/sallyport.m4')dnl
dnl
dnl Then
dnl
dnl     makemap hash /etc/mail/access < /etc/mail/access
dnl     m4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf
dnl
dnl and start Sendmail again.  (A comment begins with dnl: what stands behind "#"
dnl counts.)  Names and networks are examples; the names and networks of the rule
dnl file must be the same.  For a rule file of your own
dnl
dnl     sallyport mta sendmail FILE
dnl
dnl prints its settings, with the list that its rules come down to.  Certificates (confSERVER_CERT and its like), the source
dnl of passwords (Sendmail.conf of SASL) and where accepted mail goes
dnl (mailertable, SMART_HOST) are yours.
dnl
dnl
dnl THE MILTER
dnl
dnl It is the default for every listener of Sendmail, also for one that is added
dnl some day.  A DAEMON_OPTIONS that shall have another list says so itself, as in
dnl InputMailFilters=sallyport;other, and with InputMailFilters= it has none.
dnl
dnl S  the rule file's socket = "inet:8894@127.0.0.1", spelled alike.  It needs
dnl    nothing else, but every user of this machine can reach it, and each step
dnl    of a session takes 40 ms: Sendmail sends it in two pieces, and TCP has the
dnl    second wait.  A socket file has neither fault:
dnl
dnl        install -d -o sallyport -g sallyport -m 755 /run/sallyport   # at boot
dnl        socket = "unix:/run/sallyport/milter.sock";         # the rule file
dnl        S=unix:/run/sallyport/milter.sock
dnl
dnl    Sendmail, as root, needs no group for it; no directory above may be
dnl    writable for others.  IPv6 goes by a name: inet6:8894@localhost.
dnl F  T: no milter, no mail.  While sallyport is dead, silent or talks nonsense,
dnl    clients are told to try again (451): nothing is lost, nothing passes
dnl    unjudged.  WITHOUT F=T SENDMAIL TAKES ALL MAIL THEN, and relays for
dnl    whomever it would relay for without a milter.
dnl T  how long to wait for an answer before that: to connect (C), to send (S), to
dnl    read (R), and for the whole end of a message (E).  sallyport looks nothing
dnl    up and answers in less than a millisecond: who takes ten seconds is not
dnl    alive.  The client must still be there to be told: RFC 5321 has it wait
dnl    five minutes for most replies, two for that to DATA, and impatient ones
dnl    give up after 30 seconds.  Sendmail waits once for a session, and counts
dnl    whole seconds: 1s may be over at once.
dnl
dnl sallyport asks for the macros that it needs: there are no confMILTER_MACROS_*
dnl to set.
INPUT_MAIL_FILTER(`sallyport', `S=inet:8894@127.0.0.1, F=T, T=C:10s;S:10s;R:10s;E:30s')dnl
dnl
dnl
dnl THE LISTENERS
dnl
dnl Name    what a listener of the rules may match by: match = { daemon = [
dnl         "inbound" ]; } does then what port = [ 25 ] does, and stays true when
dnl         the port changes.  It is a label, and opens nothing.
dnl Family  inet6: one socket for IPv6 and IPv4; an IPv4 client is shown as one.
dnl         On a machine without IPv6 write inet.
dnl M       A: no logins, as auth = { mode = "forbidden"; } has it; a password
dnl            cannot be guessed where none is asked for.
dnl         a: nothing without a login, as auth = { mode = "required"; } has it.
dnl         E: no ETRN.
dnl
dnl Port 60025 lies among those that the kernel gives to connections that leave
dnl (ip_local_port_range): unless it is reserved, one of them may have it when
dnl Sendmail starts.  In a file of /etc/sysctl.d:
dnl
dnl     net.ipv4.ip_local_reserved_ports = 60025
dnl
dnl Mail that programs submit by sendmail(8) goes through submit.cf to port 25, and
dnl comes from 127.0.0.1: the listener of port 25 judges it, and must let
dnl 127.0.0.1 relay.  See that /etc/mail/submit.mc says, as Debian has it,
dnl
dnl     FEATURE(`msp', `[127.0.0.1]', `25')dnl
dnl
dnl since port 587 would ask it for a login, and no milter is asked about what
dnl sendmail(8) delivers without FEATURE(`msp').  The listener of the rules that
dnl says local = true judges what speaks to "sendmail -bs".
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=inbound, Family=inet6, Port=25, M=A')
DAEMON_OPTIONS(`Name=submission, Family=inet6, Port=587, M=Ea')
DAEMON_OPTIONS(`Name=remote, Family=inet6, Port=60025, M=Ea')
dnl
dnl
dnl WHO MAY RELAY, SHOULD THE MILTER BE TAKEN OUT
dnl
dnl A milter can only refuse.  What Sendmail would relay on its own is what it
dnl relays on the day that INPUT_MAIL_FILTER is taken out.  So let it be as tight
dnl as the rules.  It answers first then: what both refuse is refused in Sendmail's
dnl words ("550 5.7.1 ... Relaying denied"), and sallyport is not shown that
dnl recipient.
dnl
dnl The list is the file access.  Do not have beside it: FEATURE(`promiscuous_relay')
dnl (an open relay), FEATURE(`relay_entire_domain'), FEATURE(`relay_local_from')
dnl and FEATURE(`relay_mail_from') (whoever says that he is one of us),
dnl FEATURE(`relay_based_on_MX') (whoever points an MX record here),
dnl FEATURE(`loose_relay_check') (user%example.com@example.net), and RELAY_DOMAIN or
dnl a file relay-domains, whose networks cannot leave out the router.
dnl
dnl Sendmail relays also for a client whose verified name is one of the server's
dnl own names (class w).  Give the router no such name in the DNS that Sendmail asks.
ifdef(`_ACCESS_TABLE_', `', `FEATURE(`access_db', `', `skip')')
dnl
dnl Whoever has logged in by one of these may relay; which logins, the rules say.
dnl p: no password in clear, so that a login takes STARTTLS. y: nor an anonymous one.
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')
TRUST_AUTH_MECH(`PLAIN LOGIN')
define(`confAUTH_OPTIONS', `A p y')
dnl
dnl user\@example.com@example.net is of example.net for Sendmail, which takes it,
dnl and leads elsewhere if the next server reads it otherwise.  So nothing with a
dnl second @ is taken.  (Have you a Local_check_rcpt?  Then put its rules below
dnl these.  Between the two sides of a rule stands a tab.)
LOCAL_CONFIG
Ktwice regex -a@TWICE @.*@
LOCAL_RULESETS
SLocal_check_rcpt
R$*		$: $(twice $1 $)
R$* @TWICE	$#error $@ 5.1.3 $: "553 An address has one @"
divert(0)dnl
