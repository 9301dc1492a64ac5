"""Logins and a certificate for the lab's MTA, whichever it is."""

from support import lab

REALM = "lab.example"
USERS = ("alice", "bob", "carol", "mallory")
MECHANISMS = "PLAIN LOGIN CRAM-MD5 ANONYMOUS"


def password(user):
    """The password of a lab user."""
    return user + "-secret"


def make_certificate(directory):
    """Makes a self-signed certificate; returns the path of the file that holds key and certificate."""
    key, certificate, chain = directory / "key.pem", directory / "certificate.pem", directory / "chain.pem"
    lab.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + lab.HOST_NAME,
            "-keyout", key, "-out", certificate)
    chain.write_text(key.read_text() + certificate.read_text())
    chain.chmod(0o600)
    return chain


def make_users(path):
    """Makes a sasldb with every lab user in the realm; the caller sets its owner and mode."""
    for user in USERS:
        lab.run("saslpasswd2", "-p", "-c", "-f", path, "-u", REALM, user, input=password(user) + "\n")
