"""Seeds of authenticators, encrypted: whoever reads the database has no second factor.

The key is derived from GUARD_SECRET_KEY (HKDF-SHA-256) for this use alone, so that it is never the key that
signs guard records. Fernet encrypts and authenticates (AES-128-CBC, HMAC-SHA-256).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from guard.errors import InvalidRequest

__all__ = ["Seal"]


class Seal:
    """Encrypts and decrypts seeds.

    Args:
        secret: GUARD_SECRET_KEY; None: nothing can be encrypted.
    """

    def __init__(self, secret: bytes | None) -> None:
        self._secret = secret

    def close(self, seed: str) -> str:
        """The seed as the database keeps it. Raises InvalidRequest without GUARD_SECRET_KEY."""
        return self._fernet().encrypt(seed.encode()).decode()

    def open(self, sealed: str) -> str:
        """The seed.

        Raises:
            InvalidRequest: there is no GUARD_SECRET_KEY, or it is another than when it was encrypted.
        """
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise InvalidRequest(
                "the second factor was set up under another GUARD_SECRET_KEY: forget it and enrol anew"
            ) from None

    def _fernet(self) -> Fernet:
        if self._secret is None:
            raise InvalidRequest("a second factor is kept encrypted: set GUARD_SECRET_KEY")
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"guard second factor")
        return Fernet(urlsafe_b64encode(derive.derive(self._secret)))
