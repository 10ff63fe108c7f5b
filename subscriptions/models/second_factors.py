"""What a person logs in with besides the password."""

from __future__ import annotations

import hashlib
from base64 import b32decode, b32encode
from secrets import token_bytes

from django.db import models
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from subscriptions import sealing
from subscriptions.clock import database_time
from subscriptions.identifiers import new_uid

ISSUER = "Webhooks"
KEY_BYTES = 20
DIGITS = 6
# A code of one step before or after is good, too: clocks of telephones differ.
STEPS_OF_TOLERANCE = 1


def new_secret() -> str:
    return b32encode(token_bytes(KEY_BYTES)).decode()


def digest_of(recovery_code: str) -> str:
    """A code has 80 random bits: a plain hash of it cannot be guessed back."""
    plain = "".join(filter(str.isalnum, recovery_code)).lower()
    return hashlib.sha256(plain.encode()).hexdigest()


class Authenticator(ThrottlingMixin, Device):  # type: ignore[misc]  # the library is untyped
    """A person's app for one-time codes (RFC 6238), with recovery codes beside it.

    The models of django-otp keep keys and recovery codes in clear. Here the key is
    sealed, bound to this row, and of the recovery codes only hashes are stored.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    sealed = models.TextField()
    last_step = models.BigIntegerField(default=-1)
    recovery_digests = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # One in use, and one that waits for its first code.
            models.UniqueConstraint(
                name="one_authenticator_per_person", fields=["user", "confirmed"]
            )
        ]

    def __str__(self) -> str:
        return f"authenticator {self.uid}"

    @property
    def secret(self) -> str:
        """In base32, as people type it into their app."""
        return sealing.unseal(self.sealed, context=self.sealing_context)

    @property
    def sealing_context(self) -> str:
        """Binds the sealed text to this row: moved to another, it does not open."""
        return f"authenticator:{self.uid}"

    def get_throttle_factor(self) -> int:
        """After each failure in a row the wait doubles: 1, 2, 4, 8 … seconds."""
        return 1

    def verify_token(self, token: str) -> bool:
        """Whether this code, or recovery code, is good; it never is again.

        To be called by `django_otp.verify_token`, which holds the row meanwhile.
        """
        if not self.verify_is_allowed()[0]:
            return False
        if not (self._takes_code(token) or self._takes_recovery_code(token)):
            self.throttle_increment()
            return False
        self.throttle_reset()
        return True

    def _takes_code(self, token: str) -> bool:
        if not (token.isascii() and token.isdecimal() and len(token) == DIGITS):
            return False
        totp = TOTP(b32decode(self.secret), digits=DIGITS)
        totp.time = database_time().timestamp()
        is_good: bool = totp.verify(int(token), STEPS_OF_TOLERANCE, self.last_step + 1)
        if is_good:
            self.last_step = totp.t()
        return is_good

    def _takes_recovery_code(self, token: str) -> bool:
        digest = digest_of(token)
        if digest not in self.recovery_digests:
            return False
        self.recovery_digests.remove(digest)
        return True
