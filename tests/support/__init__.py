"""What the end-to-end suites stand on: a private machine, an MTA, a client, a next hop, the daemon."""
