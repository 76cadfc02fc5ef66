"""`Guard.secrets`: secrets that are kept encrypted in the database, for where the environment has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.api.journal import note
from guard.core.secret_names import SECRETS, check_secret
from guard.errors import InvalidRequest
from guard.settings.masking import Secret

if TYPE_CHECKING:
    from guard.api.parts import Parts
    from guard.store.sql.secrets import KeptSecret, Rotation

__all__ = ["Secrets"]


class Secrets:
    """The secrets of one app. Every call raises StoreUnavailable when the database did not answer."""

    names = tuple(SECRETS)
    """Those that may be kept."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def set(self, name: str, text: str, *, by: str) -> None:
        """Keep a secret, in place of what was there. Other processes take it within half a minute. The
        journal says who, never what.

        Raises:
            InvalidRequest: the name is unknown, the text may not be the setting of this name, or there is no
                key to seal it with.
        """
        check_secret(name, text)
        self._parts.stores.secrets.put(name, text, by=by, at=self._parts.clock.wall())
        self._parts.stores.secrets_changed()
        note(self._parts, "set secret", by=by, detail={"name": name})

    def get(self, name: str) -> Secret | None:
        """A secret; None: none is kept.

        Raises:
            SealBroken: it is there, and no key opens it. InvalidRequest: the name is unknown.
        """
        check_secret(name)
        text = self._parts.stores.secrets.get(name)
        return None if text is None else Secret(text)

    def look_up(self, name: str, given: str | Secret | None) -> Secret | None:
        """A secret as it counts: what the environment gave, else what is kept; None: neither.

        Args:
            given: the setting; empty or None: the environment has none, and the database is asked.

        Raises:
            SealBroken, InvalidRequest, StoreUnavailable: as `get`.
        """
        if isinstance(given, Secret):
            return given
        return Secret(given) if given else self.get(name)

    def list(self) -> list[KeptSecret]:
        """Those that are kept, without what they are."""
        return self._parts.stores.secrets.kept()

    def remove(self, name: str, *, by: str) -> None:
        """Drop one. Raises InvalidRequest: there is none of this name."""
        check_secret(name)
        if not self._parts.stores.secrets.remove(name):
            raise InvalidRequest(f"no secret {name!r} is kept")
        self._parts.stores.secrets_changed()
        note(self._parts, "remove secret", by=by, detail={"name": name})

    def rotate(self, *, by: str) -> Rotation:
        """Seal everything that is kept sealed with the newest key. Safe to interrupt and to repeat: what is
        done is passed over. While some of it is unreadable, keep the old keys.

        Raises:
            InvalidRequest: there is no key to seal with; nothing was changed.
        """
        self._parts.stores.sealer.seal("")
        done = self._parts.stores.secrets.rotate()
        counts = {"renewed": done.renewed, "newest": done.newest, "unreadable": list(done.unreadable[:20])}
        note(self._parts, "rotate secrets", by=by, detail=counts)
        return done
