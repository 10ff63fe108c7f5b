"""Rule-based notifications: somebody is told when a number crosses a threshold.

Rules are looked at each minute. What is found is written down first, as an incident and
a notice for each person, in one transaction with `notification.triggered`; mail is sent
from those rows, so that it is sent at least once and normally once.
"""
