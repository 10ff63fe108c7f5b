"""Why deliveries fail, in the words of the pages: one for each class of failure."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from deliveries.policy.error_kinds import INTERRUPTED, POISON


class Reason(NamedTuple):
    """*label* stands in lists, *heading* above what happened."""

    label: Any
    heading: Any


REASONS = {
    "http_5xx": Reason(
        _("Server error (5xx)"), _("Your server answered with an error.")
    ),
    "http_4xx": Reason(_("Refused (4xx)"), _("Your server refused the request.")),
    "http_3xx": Reason(_("Redirect (3xx)"), _("We do not follow redirects.")),
    "http_2xx": Reason(
        _("Not acknowledged (2xx)"), _("This answer does not count as received.")
    ),
    "http_1xx": Reason(
        _("Not acknowledged (1xx)"), _("This answer does not count as received.")
    ),
    "timeout": Reason(_("No answer in time"), _("No answer in time.")),
    "dns": Reason(_("Host not found"), _("Host not found.")),
    "connect": Reason(_("Connection refused"), _("No connection.")),
    "tls": Reason(_("Certificate not trusted"), _("No secure connection.")),
    "reset": Reason(_("Connection closed"), _("The connection was closed.")),
    "protocol": Reason(_("Not valid HTTP"), _("The answer was not valid HTTP.")),
    "blocked": Reason(_("Address not allowed"), _("Address not allowed.")),
    "too_large": Reason(_("Headers too large"), _("The headers were too large.")),
    "token": Reason(_("No access token"), _("We got no access token.")),
    "proxy": Reason(_("Our way out failed"), _("The fault was on our side.")),
    "outage": Reason(_("Our network failed"), _("The fault was on our side.")),
    INTERRUPTED: Reason(_("Interrupted by us"), _("The fault was on our side.")),
    POISON: Reason(_("Given up by us"), _("The fault was on our side.")),
    "disabled": Reason(_("Webhook was disabled"), _("Not sent.")),
}
OTHER = Reason(_("Another failure"), _("The attempt failed."))
# Answers that say more by their number than by their class.
BY_STATUS_CODE = {
    401: _("Your server asks for credentials."),
    403: _("Your server does not let us in."),
    404: _("There is nothing at this path."),
    410: _("Your server said that this URL is gone."),
    413: _("Your server found the body too large."),
    429: _("Your server asked us to slow down."),
}


def reason_of(name: str) -> Reason:
    return REASONS.get(name, OTHER)


def heading_of(name: str, status_code: int | None) -> Any:
    return BY_STATUS_CODE.get(status_code or 0, reason_of(name).heading)
