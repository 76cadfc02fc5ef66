"""The journal as a chain: each row is bound to the one before it, so that a row that was changed, removed,
moved or slipped in is found and named.

Rules:
- A row's link is a digest over its number, the link before it and all that it says. With GUARD_SECRET_KEY
  the digest is an HMAC-SHA256 under a key derived for this use alone: who can write to the database and has
  no key makes no link that fits. Without one it is plain SHA-256, which shows mistakes and not an attacker
  who computes it anew; links and verdicts say which it was.
- Numbers have no gaps. The database decides who is next (one locked row), and refuses a number twice.
- What was cut off at the beginning on purpose leaves an anchor: from which number and link the chain goes on.
- What is cut off at the end shows by the head, the newest number and link, which is kept a second time apart.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guard.core.history import AuditRecord

__all__ = ["GENESIS", "Anchor", "AnchorKind", "ChainKeys", "ChainRow", "Head", "head_of", "linked", "sealed"]

GENESIS = ""
"""The link before the first row."""
PLAIN = "plain"
_USE = b"guard audit chain"
_VERSION = 1


class ChainKeys:
    """The keys that links are made and proven with.

    Args:
        secret: GUARD_SECRET_KEY; None: links are plain digests.
        former: secrets that were used before, for the rows of their time.
    """

    __slots__ = ("_keys", "_newest")

    def __init__(self, secret: bytes | None = None, former: Iterable[bytes] = ()) -> None:
        given = [*([secret] if secret is not None else []), *former]
        derived = [hmac.new(one, _USE, sha256).digest() for one in given]
        self._keys = {_name(key): key for key in reversed(derived)}
        self._newest = _name(derived[0]) if secret is not None else PLAIN

    def __repr__(self) -> str:
        return f"ChainKeys({self._newest!r}, {len(self._keys)} known)"

    @property
    def signs(self) -> bool:
        """Whether new links are signed."""
        return self._newest != PLAIN

    def digest(self, payload: bytes) -> str:
        """``name of the key:digest``, with the newest key."""
        return self._digest(self._newest, payload)

    def fits(self, link: object, payload: bytes) -> bool | None:
        """Whether a link is that of a payload; None: it was made with a key that is not here."""
        if not isinstance(link, str) or not link.isascii():
            return False
        name = link.partition(":")[0]
        if name != PLAIN and name not in self._keys:
            return None if _is_name(name) else False
        return hmac.compare_digest(link.encode(), self._digest(name, payload).encode())

    def _digest(self, name: str, payload: bytes) -> str:
        if name == PLAIN:
            return f"{PLAIN}:{sha256(payload).hexdigest()}"
        return f"{name}:{hmac.new(self._keys[name], payload, sha256).hexdigest()}"


def is_signed(link: str) -> bool:
    """Whether a link was made with a key."""
    return not link.startswith(f"{PLAIN}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One row as the database has it. `detail` is its text, not what it says.

    `number`, `previous` and `link` are None in a row that was written past the chain.
    """

    seq: int
    at: Any
    actor: Any
    action: Any
    epoch: Any
    outcome: Any
    detail: Any
    number: int | None = None
    previous: str | None = None
    link: str | None = None

    @property
    def payload(self) -> bytes:
        """What the link is over. `seq` is not in it: it is the database's, and has gaps."""
        said = (self.actor, self.action, self.epoch, self.outcome, self.detail)
        return _bytes("row", self.number, self.previous, _exactly(self.at), *map(_plain, said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest row: shows that rows were cut off at the end. `seal` proves it where it is kept apart."""

    number: int
    link: str
    seal: str = ""

    def to_text(self) -> str:
        """For a store that keeps texts."""
        return f"{self.number} {self.link} {self.seal}"

    @classmethod
    def of_text(cls, text: str) -> Head | None:
        """What `to_text` gave; None when it is no head."""
        parts = text.split(" ")
        if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdigit() or len(parts[0]) > 18:
            return None
        return cls(number=int(parts[0]), link=parts[1], seal=parts[2])

    @property
    def payload(self) -> bytes:
        """What the seal is over."""
        return _bytes("head", self.number, self.link)


class AnchorKind(StrEnum):
    """Why the chain is judged from here on."""

    CUT = "cut"
    """Older rows were deleted because they were old."""
    ACCEPTED = "accepted"
    """Somebody looked at what was wrong before it, and the journal goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where the chain begins. Rows up to `number`, and up to `seq` in the database, are not judged.

    Attributes:
        rows: how many rows it stands for: deleted in all, or accepted.
        at: UTC seconds.
    """

    kind: AnchorKind
    number: int
    link: str
    seq: int
    rows: int
    at: float
    by: str
    reason: str
    seal: str = ""

    @property
    def payload(self) -> bytes:
        """What the seal is over."""
        said = (self.kind.value, self.number, self.link, self.seq, self.rows, _exactly(self.at))
        return _bytes("anchor", *said, self.by, self.reason)


def linked(row: ChainRow, *, number: int, previous: str, keys: ChainKeys) -> ChainRow:
    """The row as the next of the chain."""
    placed = replace(row, number=number, previous=previous)
    return replace(placed, link=keys.digest(placed.payload))


def sealed(anchor: Anchor, keys: ChainKeys) -> Anchor:
    """The anchor, with its seal."""
    return replace(anchor, seal=keys.digest(anchor.payload))


def head_of(number: int, link: str, keys: ChainKeys) -> Head:
    """A head, with its seal."""
    head = Head(number=number, link=link)
    return replace(head, seal=keys.digest(head.payload))


def row_of(record: AuditRecord) -> ChainRow:
    """A record as the row that it becomes."""
    detail = json.dumps(dict(record.detail), sort_keys=True)
    return ChainRow(
        seq=0,
        at=record.at,
        actor=record.actor,
        action=record.action,
        epoch=record.epoch,
        outcome=record.outcome,
        detail=detail,
    )


def newest(anchors: Sequence[Anchor]) -> Anchor | None:
    """The one that counts."""
    return max(anchors, key=lambda one: one.number, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What is known of where the chain begins and ends.

    Attributes:
        anchor: where it begins; None: with its first row.
        after: the row before the first one, where something else proves it: a file of a part of the journal.
        least: the head before the rows were read: they reach at least so far. None: it is gone.
        apart: the head that is kept in another store; None: there is none, or that store is away.
    """

    anchor: Anchor | None = None
    after: Head | None = None
    least: Head | None = None
    apart: Head | None = None


def _name(key: bytes) -> str:
    return "k" + hmac.new(key, b"name", sha256).hexdigest()[:8]


def _is_name(name: str) -> bool:
    return len(name) == 9 and name[0] == "k" and set(name[1:]) <= set("0123456789abcdef")


def _exactly(moment: Any) -> str:
    try:
        return float(moment).hex() if isinstance(moment, (int, float)) else repr(moment)
    except OverflowError:  # a whole number that no clock shows
        return hex(moment)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int)) else repr(value)


def _bytes(*parts: Any) -> bytes:
    return json.dumps([_VERSION, *parts], separators=(",", ":")).encode()
