"""Second factors: set up on a shell, shown in a request, each code once.

Rules:
- A code counts for the person who is already known by a token, a page session or the application.
- Tries are counted per owner *and* address, right ones too, so that parallel guesses find no gap. Whoever
  knows nothing but the owner's name uses up none of them. Tries for one owner from all addresses together
  have a wider limit, for a stolen token; break-glass codes pass it.
- The database says who was first with a code, so each counts once in all processes (threat S5).
- A break-glass code raises a critical alert each time.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pyotp

from guard.core.alerts import Alert, Severity
from guard.core.credentials import digest_of
from guard.core.one_time_codes import (
    BREAK_GLASS_CODES,
    Enrolment,
    break_glass_text,
    is_totp,
    matching_period,
    read_break_glass,
)
from guard.errors import InvalidRequest, SealBroken, StepUpRequired, StoreError, TooManyRequests

if TYPE_CHECKING:
    from guard.access.journal import AccessJournal
    from guard.access.limits import Limits
    from guard.core.access import Actor
    from guard.core.one_time_codes import SecondFactor
    from guard.ports import Alerts, Clock
    from guard.store.sealing import Sealer
    from guard.store.sql.second_factors import SqlSecondFactors

__all__ = ["StepUp"]

_WRONG = "this code does not count: it is wrong, over, or was used"
_NONE = (
    "no second factor is set up for {owner!r}: on a machine of the application run "
    "`celery -A yourapp maintenance access enrol`"
)


class StepUp:
    """The second factors of one installation. `issuer` is what authenticators show beside the owner."""

    def __init__(
        self,
        *,
        store: SqlSecondFactors,
        seal: Sealer,
        limits: Limits,
        journal: AccessJournal,
        alerts: Alerts,
        clock: Clock,
        issuer: str,
    ) -> None:
        self._store = store
        self._seal = seal
        self._limits = limits
        self._journal = journal
        self._alerts = alerts
        self._clock = clock
        self._issuer = issuer

    def is_set_up(self, owner: str) -> bool:
        """Whether an owner has a confirmed second factor."""
        factor = self._store.find(owner)
        return factor is not None and factor.confirmed_at is not None

    def enrol(self, owner: str, *, by: str) -> Enrolment:
        """Set one up. It counts once it was confirmed.

        Raises:
            InvalidRequest: a confirmed one is there, or there is no GUARD_SECRET_KEY.
        """
        seed = pyotp.random_base32()
        codes = tuple(b32encode(secrets.token_bytes(10)).decode() for _ in range(BREAK_GLASS_CODES))
        sealed = self._seal.seal(seed)
        digests = [digest_of(code) for code in codes]
        if not self._store.put(owner, seed=sealed, digests=digests, at=self._clock.wall()):
            raise InvalidRequest(f"{owner!r} has a second factor: forget it first")
        self._journal.done("enrol", by=by, detail={"owner": owner})
        uri = pyotp.TOTP(seed).provisioning_uri(name=owner, issuer_name=self._issuer)
        return Enrolment(owner=owner, uri=uri, seed=seed, break_glass=tuple(map(break_glass_text, codes)))

    def confirm(self, owner: str, code: str, *, by: str) -> None:
        """Let it count from now on, with its first code.

        Raises:
            InvalidRequest: none is set up, or it is confirmed already.
            StepUpRequired: the code is wrong. TooManyRequests: and was too often.
        """
        factor = self._store.find(owner)
        if factor is None or factor.confirmed_at is not None:
            raise InvalidRequest(
                f"{owner!r} has confirmed already" if factor else f"nothing is set up for {owner!r}"
            )
        self._limits.take("code", f"{owner} confirm")
        if not self._takes_totp(factor, code):
            raise StepUpRequired(_WRONG)
        self._store.confirm(owner, at=self._clock.wall())
        self._journal.done("confirm", by=by, detail={"owner": owner})

    def forget(self, owner: str, *, by: str) -> None:
        """Drop an owner's second factor and break-glass codes. Raises InvalidRequest: there is none."""
        if not self._store.forget(owner):
            raise InvalidRequest(f"nothing is set up for {owner!r}")
        self._journal.done("forget second factor", by=by, detail={"owner": owner})

    def show(self, actor: Actor, code: str) -> Actor:
        """The same actor, stepped up now.

        Raises:
            StepUpRequired: there is no second factor, or this code does not count.
            TooManyRequests: too many tries from this address, or for this owner.
        """
        try:
            how = self._judge(actor, code)
        except (StepUpRequired, TooManyRequests) as error:
            self._journal.refused("step up", actor=actor, detail={"why": type(error).__name__})
            raise
        self._limits.forget("code", _at(actor))
        self._journal.done("step up", actor=actor, detail={"with": how})
        return replace(actor, stepped_up_at=self._clock.wall())

    def _judge(self, actor: Actor, code: str) -> str:
        self._limits.take("code", _at(actor))
        factor = self._store.find(actor.name)
        if factor is None or factor.confirmed_at is None:
            raise StepUpRequired(_NONE.format(owner=actor.name))
        code = code.strip() if isinstance(code, str) else ""
        if is_totp(code):
            self._take_of_owner(actor)
            if self._takes_totp(factor, code):
                return "authenticator"
        elif (plain := read_break_glass(code)) is not None and self._store.break_glass(
            factor.owner, digest=digest_of(plain), at=self._clock.wall()
        ):
            self._tell_of_break_glass(actor)
            return "break-glass code"
        raise StepUpRequired(_WRONG)

    def _takes_totp(self, factor: SecondFactor, code: str) -> bool:
        otp = pyotp.TOTP(self._open(factor))
        period = matching_period(
            code.strip(), now=self._clock.wall(), last_period=factor.last_period, code_at=otp.generate_otp
        )
        return period is not None and self._store.take(factor.owner, period=period)

    def _open(self, factor: SecondFactor) -> str:
        try:
            return self._seal.open(factor.seed)
        except SealBroken:
            raise InvalidRequest(
                "the second factor was set up under another key: give that one last in GUARD_ENCRYPTION_KEYS "
                "or in GUARD_FORMER_SECRET_KEYS; if it is lost, forget the second factor and enrol anew"
            ) from None

    def _take_of_owner(self, actor: Actor) -> None:
        try:
            self._limits.take("code of owner", actor.name)
        except TooManyRequests:
            with suppress(TooManyRequests):  # once an hour is enough
                self._limits.take("alert of guessing", actor.name)
                self._tell_of_guessing(actor)
            raise

    def _tell_of_guessing(self, actor: Actor) -> None:
        message = f"too many codes were tried for {actor.name!r}: if it was somebody else, revoke the tokens"
        self._raise_alert(Severity.WARNING, "codes are guessed", message, actor)

    def _tell_of_break_glass(self, actor: Actor) -> None:
        left = self._store.codes_left(actor.name)
        message = f"a break-glass code of {actor.name!r} was used from {actor.address!r}; {left} are left"
        self._journal.done("break-glass", actor=actor, detail={"left": left})
        self._raise_alert(Severity.CRITICAL, "break-glass code used", message, actor)

    def _raise_alert(self, severity: Severity, kind: str, message: str, actor: Actor) -> None:
        alert = Alert(
            at=self._clock.wall(),
            severity=severity,
            kind=kind,
            message=message,
            detail={"owner": actor.name, "address": actor.address, "via": actor.via},
        )
        try:
            self._alerts.raise_alert(alert)
        except StoreError:
            if severity is Severity.CRITICAL:  # a silent break-glass code is none
                raise


def _at(actor: Actor) -> str:
    return f"{actor.name} {actor.address}"
