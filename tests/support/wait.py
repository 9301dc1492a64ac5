"""Waiting for a condition: the one place where a suite may let time pass."""

import time

PATIENCE = 20.0  # seconds; far above what anything here takes, so that a loaded machine does not fail a case


class TimedOut(AssertionError):
    """What was awaited did not come; an assertion, because the case fails by it."""


def until(condition, what, patience=PATIENCE, interval=0.005):
    """Calls condition() until it returns something true, and returns that. `what` says what was awaited."""
    deadline = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimedOut(f"waited {patience:g} s in vain for {what}")
        time.sleep(interval)
