"""`Guard.audit`: the journal searched, proven, and written to files that prove themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.core.audit_export import ExportForm
from guard.core.audit_verdict import verify_chain
from guard.core.history import AuditRecord
from guard.errors import InvalidRequest, StoreError

if TYPE_CHECKING:
    from guard.api.parts import Parts
    from guard.core.audit_chain import Head
    from guard.core.audit_export import Manifest
    from guard.core.audit_verdict import Verdict

__all__ = ["Audit", "Audited"]

_TRIES = 5
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What verifying the journal found.

    Attributes:
        at: when it was done, UTC seconds.
        signs: whether this process has a GUARD_SECRET_KEY to prove links with.
        triggers: whether the database refuses an UPDATE or DELETE by hand; None: unknown, or not this kind.
        began: why the chain does not begin with its first row; empty: it does.
    """

    verdict: Verdict
    at: float
    signs: bool
    triggers: bool | None
    began: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {
            **self.verdict.to_dict(),
            "at": self.at,
            "signs": self.signs,
            "triggers": self.triggers,
            "began": self.began,
        }


class Audit:
    """The journal of one app as evidence. Calls raise StoreUnavailable when the database did not answer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verify(self) -> Audited:
        """Judge every row, whole. Reads all of them, a thousand at a time; nobody waits for it."""
        chain, keys = self._parts.stores.audit_chain, self._parts.stores.chain_keys
        for _ in range(_TRIES):
            before = chain.ends()
            ends = replace(before, apart=self._apart())
            verdict = verify_chain(chain.rows(), ends=ends, keys=keys, latest=lambda: chain.ends().least)
            if chain.anchor() == before.anchor:  # else retention cut rows off while we read
                break
        anchor = before.anchor
        return Audited(
            verdict=verdict,
            at=self._parts.clock.wall(),
            signs=keys.signs,
            triggers=chain.has_triggers(),
            began="" if anchor is None else f"{anchor.kind.value}: {anchor.reason}",
        )

    def _apart(self) -> Head | None:
        try:
            return self._parts.stores.head_apart.read()
        except StoreError:
            return None

    def accept(self, *, reason: str, by: str) -> Audited:
        """Let the journal be judged from here on: somebody has looked at what is wrong with it, or a backup
        was put back. What was found stays in the row that this writes.

        Args:
            reason: for whoever reads the journal, 1 to 500 characters.

        Raises:
            InvalidRequest: nothing is wrong, or there is no reason.
        """
        if not 1 <= len(reason.strip()) <= 500:
            raise InvalidRequest("a reason of 1 to 500 characters is needed")
        if not 1 <= len(by.strip()) <= 100:
            raise InvalidRequest("`by` needs 1 to 100 characters")
        found = self.verify().verdict
        if found.intact:
            raise InvalidRequest("the chain is intact: there is nothing to accept")
        detail = {
            "reason": reason,
            "breaks": [one.to_dict() for one in found.breaks[:_MOST_NAMED]],
            "count": len(found.breaks) + found.more,
        }
        stores, now = self._parts.stores, self._parts.clock.wall()
        record = AuditRecord(
            at=now,
            actor=by,
            action="accept journal",
            epoch=stores.durable.read().epoch,
            outcome="accepted",
            detail=detail,
        )
        head = stores.audit_chain.accept(record, reason=reason, rows=found.rows)
        stores.head_apart.force(head)
        return self.verify()

    def export(self, path: str | Path, *, form: str = "jsonl", after: int = 0, by: str) -> Manifest:
        """Write the journal to a new file, which its owner alone may read, and ``<path>.manifest.json``.

        Args:
            form: ``jsonl`` or ``csv``.
            after: only rows with a greater `seq`: what the export before did not have.
            by: who, for the manifest.

        Raises:
            InvalidRequest: the form is unknown, or a file cannot be made or is there.
        """
        from guard.api.audit_files import write_rows

        if form not in set(ExportForm):
            raise InvalidRequest(f"form {form!r} is unknown: use jsonl or csv")
        stores = self._parts.stores
        stores.durable.read()  # whether the database answers, before a file is made
        return write_rows(
            Path(path),
            ExportForm(form),
            stores.audit_chain.rows(after=after),
            keys=stores.chain_keys,
            by=by,
            at=self._parts.clock.wall(),
        )

    def verify_file(self, path: str | Path) -> Audited:
        """Judge an exported file by its manifest. Needs no server; what is signed needs GUARD_SECRET_KEY.

        Raises:
            InvalidRequest: the file or its manifest is not there, or is something else.
        """
        from guard.api.audit_files import judge_file

        keys = self._parts.stores.chain_keys
        verdict = judge_file(Path(path), keys)
        return Audited(verdict=verdict, at=self._parts.clock.wall(), signs=keys.signs, triggers=None)
