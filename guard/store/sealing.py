"""What is encrypted before it is kept: whoever reads the database or a backup of it has no secret.

Fernet encrypts and authenticates (AES-128-CBC, HMAC-SHA-256). New texts are sealed with the first key of
GUARD_ENCRYPTION_KEYS; without any, with one that is derived from GUARD_SECRET_KEY (HKDF-SHA-256) for this use
alone, so that it is never the key that signs guard records. All others, those of former secrets too, only
open: after `maintenance secrets rotate` they may go.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cached_property
from typing import TYPE_CHECKING

from guard.errors import InvalidRequest, SealBroken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.fernet import Fernet

__all__ = ["Sealer"]

_USE = b"guard sealed settings"
_FORMER_USES = (b"guard second factor",)
"""What keys of earlier releases were derived for."""


class Sealer:
    """Seals and opens texts. Needs the library `cryptography` once it is used.

    Args:
        keys: Fernet keys, the newest first.
        secret: GUARD_SECRET_KEY.
        former: secrets that were used before.
    """

    def __init__(
        self, keys: Sequence[str] = (), secret: bytes | None = None, former: Sequence[bytes] = ()
    ) -> None:
        self._keys = tuple(keys)
        self._secrets = tuple(one for one in (secret, *former) if one is not None)
        self._seals = bool(keys) or secret is not None

    def __repr__(self) -> str:
        return f"Sealer({'can' if self._seals else 'cannot'} seal)"

    def seal(self, text: str) -> str:
        """The text as it may be kept. Raises InvalidRequest when there is no key at all."""
        if not self._seals:
            raise InvalidRequest("this is kept encrypted: set GUARD_ENCRYPTION_KEYS or GUARD_SECRET_KEY")
        return self._fernets[0].encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text.

        Raises:
            SealBroken: none of the keys fits, or somebody changed what was kept.
            InvalidRequest: the extra `access` is not installed.
        """
        fernets = self._fernets
        from cryptography.fernet import InvalidToken

        for fernet in fernets:
            try:
                return fernet.decrypt(sealed.encode()).decode()
            except InvalidToken:
                continue
        raise SealBroken

    def is_newest(self, sealed: str) -> bool:
        """Whether a text is sealed with the key that seals now."""
        if not self._seals:
            return False
        newest = self._fernets[0]
        from cryptography.fernet import InvalidToken

        try:
            newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    @cached_property
    def _fernets(self) -> list[Fernet]:
        try:
            from cryptography.fernet import Fernet
        except ModuleNotFoundError as error:
            raise InvalidRequest(
                "what is encrypted needs the extra `access`: pip install 'celery-maintenance-guard[access]'"
            ) from error
        derived = [(secret, use) for secret in self._secrets for use in (_USE, *_FORMER_USES)]
        return [Fernet(key) for key in self._keys] + [_derived(secret, use) for secret, use in derived]


def _derived(secret: bytes, use: bytes) -> Fernet:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=use)
    return Fernet(urlsafe_b64encode(derive.derive(secret)))
