"""What is said of each class of failure: a text for each, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass

from deliveries.policy.error_kinds import DISABLED, INTERRUPTED, POISON
from subscriptions.refusals import sentence


@dataclass(frozen=True, slots=True)
class Explanation:
    """*what* happened and what that usually means; *remedy* is what to do."""

    what: str
    remedy: str


STORE_FIRST = sentence(
    "Reply first, work later: store the event, answer 200 at once, and process it "
    "afterwards."
)
READ_YOUR_LOG = sentence(
    "Look into your server's log at the time of this attempt. {store_first}"
)

SKIPPED = Explanation(
    sentence("Not sent: the webhook was disabled or deleted first."),
    sentence("Enable the webhook, then have what was skipped sent again."),
)
REDIRECT = Explanation(
    sentence("Your server answered {code}, a redirect. We do not follow redirects."),
    sentence("Enter the final URL as the webhook's URL."),
)
REFUSED = Explanation(
    sentence("Your server refused the request with {code}."),
    sentence(
        "Look into your server's log for the reason. Only {acknowledged} counts as "
        "received."
    ),
)
SERVER_ERROR = Explanation(
    sentence("Your server answered with an error ({code})."), READ_YOUR_LOG
)
BAD_GATEWAY = Explanation(
    sentence("A gateway in front of your server got no valid answer from it ({code})."),
    sentence(
        "Check that your server runs and answers the gateway in time. {store_first}"
    ),
)
NOT_AN_ACKNOWLEDGEMENT = Explanation(
    sentence("Your server answered {code}, which does not count as received."),
    sentence(
        "Answer 200 once the event is stored. Only {acknowledged} counts as received."
    ),
)
UNKNOWN = Explanation(
    sentence("The attempt failed. {message}"),
    sentence("Try again; if it stays so, tell our support."),
)

CREDENTIALS_REFUSED = Explanation(
    sentence("Your server refused the credentials of the request with {code}."),
    sentence(
        "Compare the webhook's Auth with what your server accepts, and enter it again: we "
        "cannot show what we have."
    ),
)

BY_STATUS_CODE = {
    401: Explanation(
        sentence("Your server refused the request with 401: it asks for credentials."),
        sentence(
            "Let us in: accept requests to this URL without credentials, and check their "
            "signature to know that they are ours."
        ),
    ),
    403: Explanation(
        sentence(
            "Your server refused the request with 403: a firewall, a bot protection or an "
            "access rule usually answers so."
        ),
        sentence("Let us in, and check the signature to know that a request is ours."),
    ),
    404: Explanation(
        sentence("Your server has nothing at this path (404)."),
        sentence("Check the webhook's URL: the path may have moved."),
    ),
    405: Explanation(
        sentence("Your server does not accept POST at this path (405)."),
        sentence("Accept POST there, or enter the URL that does."),
    ),
    408: Explanation(
        sentence("Your server gave up waiting for the request (408)."),
        sentence("Look for a proxy in front of it with a very short time-out."),
    ),
    410: Explanation(
        sentence(
            "Your server said that this URL is gone for good (410). We stop and disable "
            "the webhook."
        ),
        sentence(
            "Enter the new URL, or delete the webhook if nobody needs it any more."
        ),
    ),
    413: Explanation(
        sentence("Your server found the body too large (413)."),
        sentence("Accept bodies of 512 KiB, also in a proxy in front of your server."),
    ),
    429: Explanation(
        sentence("Your server asked us to slow down (429), and we do."),
        sentence(
            "Raise its limit for us, or say in Retry-After when to come back: up to 5 "
            "minutes are respected."
        ),
    ),
    502: BAD_GATEWAY,
    503: Explanation(
        sentence(
            "Your server is not available at the moment (503): overload or maintenance."
        ),
        sentence(
            "Check its load. Retry-After says when to come back: up to 5 minutes are "
            "respected."
        ),
    ),
    504: BAD_GATEWAY,
}

BY_CLASS = {3: REDIRECT, 4: REFUSED, 5: SERVER_ERROR}

BY_KIND = {
    "timeout": Explanation(
        sentence("{host} did not answer in time. {message}"), "{store_first}"
    ),
    "dns": Explanation(
        sentence("The host {host} was not found. {message}"),
        sentence(
            "Check the spelling of the URL, and that the name has a public DNS record."
        ),
    ),
    "connect": Explanation(
        sentence("No connection to {host} could be opened. {message}"),
        sentence(
            "Check that your server runs, listens on the port of the URL, and that its "
            "firewall lets us in."
        ),
    ),
    "tls": Explanation(
        sentence("No secure connection to {host} could be made. {message}"),
        sentence(
            "Install a certificate of a public authority that is valid today, names this "
            "host, and comes with its intermediate certificates; support TLS 1.2 or newer."
        ),
    ),
    "reset": Explanation(
        sentence("{host} closed the connection before it answered."),
        sentence(
            "Look for a crash or a restart of your server, and for a proxy or firewall "
            "that cuts connections."
        ),
    ),
    "protocol": Explanation(
        sentence("What {host} answered was not valid HTTP."),
        sentence(
            "Check that the port of the URL belongs to a web server that speaks HTTP/1.1."
        ),
    ),
    "blocked": Explanation(
        sentence("{host} was not called. {message}"),
        sentence("Enter an https:// URL whose host has only public addresses."),
    ),
    "too_large": Explanation(
        sentence("The headers that {host} answered with were too large."),
        sentence("Send fewer headers: cookies are the usual cause, and we need none."),
    ),
    "token": Explanation(
        sentence(
            "{host} was not called, because we got no access token for it. {message}"
        ),
        sentence(
            "Check the token URL, the client id and the client secret of the webhook's "
            "Auth, and look into the log of your token endpoint."
        ),
    ),
    "proxy": Explanation(
        sentence("{host} was not called: our own way out did not work."),
        sentence("Nothing to do: the cause is on our side."),
    ),
    "outage": Explanation(
        sentence(
            "At that time we could reach nearly nobody, and not {host} either: the fault was "
            "on our side, and this attempt does not count. {message}"
        ),
        sentence(
            "Nothing to do: the attempt is made again, under the same number, once we can "
            "reach others."
        ),
    ),
    INTERRUPTED: Explanation(
        sentence(
            "Our worker stopped during this attempt. We do not know what your server got."
        ),
        sentence(
            "Nothing to do: the attempt is made again. If the event comes twice, its id "
            "tells."
        ),
    ),
    POISON: Explanation(
        sentence(
            "Our worker stopped during this attempt, as it did during those before it. We "
            "do not know what your server got, and do not try again."
        ),
        sentence(
            "Tell our support: the cause is on our side. Your server may have got the "
            "event; its id tells."
        ),
    ),
}
KINDS = frozenset(BY_KIND) | {DISABLED}


# What is wrong with a certificate, by the sentence that was stored.
_NO_TLS = sentence("No secure connection to {host} could be made. {message}")
BY_MESSAGE = {
    "The certificate has expired.": Explanation(
        _NO_TLS,
        sentence(
            "Renew the certificate, have your server load it, and have it renewed by "
            "itself from now on."
        ),
    ),
    "The certificate is self-signed.": Explanation(
        _NO_TLS,
        sentence(
            "Install a certificate of a public authority: we cannot tell a self-signed one "
            "from that of an impostor."
        ),
    ),
    "The issuer of the certificate is not trusted.": Explanation(
        _NO_TLS,
        sentence(
            "Have your server send the intermediate certificates along with its own; the "
            "certificate must come from a public authority."
        ),
    ),
    "The certificate is not valid for this host name.": Explanation(
        _NO_TLS,
        sentence(
            "Install a certificate that names this host, or enter the URL with the name "
            "that it has."
        ),
    ),
}
