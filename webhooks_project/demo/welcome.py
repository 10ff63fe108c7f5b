"""What whoever watches can do: addresses, logins and commands to copy."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from subscriptions.models import Webhook
from webhooks_project.demo.data import DISPATCHER, OPERATOR
from webhooks_project.demo.places import HOST, ORDERS, RECOVERING
from webhooks_project.demo.waiting import wait_for

if TYPE_CHECKING:
    from subscriptions.tenancy import NewClient
    from webhooks_project.demo.data import Cast
    from webhooks_project.demo.places import Places

TIMEOUT = 10

WELCOME = """
  Acme Freight's webhooks are delivered on this machine.

  Admin       {address}/admin/
  Login       {dispatcher} / {password}      sees Acme
              {operator} / {password}  sees all
  API         {address}/api/docs/

  What was delivered (the token is good for {lifetime}):

  curl -H 'Authorization: Bearer {token}' \\
    '{address}/api/p/v3/webhooks/{webhook}/delivery-logs?PageSize=5'

  Publish an event of your own:

  curl -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/json' {address}/api/p/v3/events \\
    -d '{event}'

  {recovering} answers 503 twice to each event: watch it come again. Ctrl-C ends all.
"""
EVENT = {"Type": "tender.created", "SubsidiaryId": "MAIN", "Data": {"tenderId": "mine"}}


def welcome(cast: Cast, places: Places) -> str:
    """Wait for the web side and the webhooks' verification; raises NotReady."""
    token = wait_for(lambda: _token(cast.client, places), what="the web side")
    wait_for(lambda: _are_active(cast), what="the webhooks' verification")
    return WELCOME.format(
        address=places.web_address,
        dispatcher=DISPATCHER,
        operator=OPERATOR,
        password=cast.password,
        token=token["access_token"],
        lifetime=_in_words(token["expires_in"]),
        webhook=cast.webhooks[ORDERS].public_id,
        event=json.dumps(EVENT),
        recovering=RECOVERING,
    )


def _token(client: NewClient, places: Places) -> dict[str, Any] | None:
    """Ask as any program does; None while there is no answer."""
    connection = HTTPConnection(HOST, places.web_port, timeout=TIMEOUT)
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client.client_id,
        "client_secret": client.secret,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/oauth/token", urlencode(form), headers)
        answer = connection.getresponse()
        token: dict[str, Any] = json.load(answer)
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return token if answer.status == 200 else None


def _are_active(cast: Cast) -> bool:
    mine = [webhook.pk for webhook in cast.webhooks.values()]
    active = Webhook.objects.of(cast.tenant).active().filter(pk__in=mine)
    return active.count() == len(mine)


def _in_words(seconds: int) -> str:
    return "1 hour" if seconds == 3600 else f"{seconds // 60} minutes"
