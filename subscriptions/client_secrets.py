"""How the secrets of API clients are stored."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class ClientSecretHasher(PBKDF2PasswordHasher):
    """A fast hash is right here, unlike for passwords.

    A client secret is 128 random characters: nobody guesses it, however quickly a
    guess is checked, and each token request pays for one check.
    """

    algorithm = "client_secret"
    iterations = 1
