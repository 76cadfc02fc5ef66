"""`Guard.access`: who may do what over HTTP.

A web layer asks three questions, in this order:

    actor = guard.access.actor_of_token(bearer, address=address, code=code)    # who is it?
    guard.access.admit(actor, Deed.START_EMERGENCY, values, approval_id=…)     # may they do exactly this?
    guard.enable(mode="emergency", by=actor.name, **values)                    # do it

`admit` is the one place that judges. Whoever has a shell needs none of this: the command line asks nobody.
It needs the extra `access`, which `web` and `flower` contain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.changes import checked_actor
from guard.core.credentials import NewToken, TokenRequest, TokenView
from guard.core.page_session import SignedIn, csrf_text, is_csrf_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.api.parts import Parts
    from guard.core.access import Actor, Deed
    from guard.core.admission import ApprovalView
    from guard.core.one_time_codes import Enrolment
    from guard.core.rates import Allowance

__all__ = ["Access"]


class Access:
    """Tokens, page sessions, second factors, approvals and rates of one app. Every call may raise
    StoreUnavailable: then nobody can say who asks, and nobody is let in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # -- tokens ----------------------------------------------------------------------------------

    def make_token(
        self, owner: str, *, rights: Iterable[str], seconds: int, by: str, label: str = ""
    ) -> NewToken:
        """Make an access token; its `text` is shown once and kept nowhere.

        Args:
            owner: whom the journal names for what is done with it, 1 to 100 characters.
            rights: of ``read``, ``operate``, ``emergency``, ``admin``; one or more.
            seconds: how long it counts, up to 366 days.
            by: who makes it, for the journal.
            label: what it is for, up to 100 characters.

        Raises:
            InvalidRequest: with every problem.
        """
        request = TokenRequest.check(owner=owner, rights=rights, seconds=seconds, by=by, label=label)
        return self._parts.access.tokens.make(request)

    def tokens(self) -> list[TokenView]:
        """All tokens, those that are over too, the newest first; never a secret."""
        return self._parts.access.tokens.all()

    def revoke_token(self, token_id: str, *, by: str) -> TokenView:
        """End a token now, and the page sessions begun with it. May be repeated.

        Raises:
            InvalidRequest: there is none.
        """
        return self._parts.access.tokens.revoke(token_id, by=checked_actor(by))

    def actor_of_token(self, text: object, *, address: str = "", code: str | None = None) -> Actor:
        """Who shows a token.

        Args:
            address: from where, as far as the server knows.
            code: of a second factor, which this request carries because a token has none of its own.

        Raises:
            NotKnown: it is wrong, over or revoked; which of these is not said.
            StepUpRequired: the code does not count.
            TooManyRequests: too many wrong tokens from this address, or too many codes.
        """
        actor = self._parts.access.tokens.actor(text, address=address)
        return self.show_code(actor, code) if code else actor

    # -- page sessions ---------------------------------------------------------------------------

    def sign_in(self, token_text: object, *, address: str) -> SignedIn:
        """Begin a page session: 8 hours at most, over after 30 minutes without a request.

        Raises:
            NotKnown, TooManyRequests: as `actor_of_token`.
        """
        return self._parts.access.pages.sign_in(token_text, address=address)

    def actor_of_session(self, cookie: object, *, address: str, touch: bool = True) -> Actor:
        """Who is behind a cookie, with the rights that the token has now.

        Args:
            touch: whether this request is a person's. A page that asks by itself says False, or it would
                never be idle.

        Raises:
            NotKnown: the session, or its token, is over or revoked.
        """
        return self._parts.access.pages.actor(cookie, address=address, touch=touch)

    def sign_out(self, cookie: object, *, address: str = "") -> bool:
        """End a page session. Whether there was one."""
        return self._parts.access.pages.sign_out(cookie, address=address)

    def step_up(self, actor: Actor, code: str) -> SignedIn:
        """Show a second factor in a page session. Its cookie is a new one: send it, the old one is over.

        Raises:
            StepUpRequired: no second factor is set up, or this code does not count.
            TooManyRequests: too many codes. NotKnown: the session is over.
        """
        return self._parts.access.pages.step_up(actor, code)

    def csrf_of(self, cookie: str) -> str:
        """What each form of this session sends along."""
        return csrf_text(cookie)

    def check_csrf(self, cookie: str, text: object) -> bool:
        """Whether a form came from this session."""
        return is_csrf_text(cookie, text)

    # -- second factors --------------------------------------------------------------------------

    def show_code(self, actor: Actor, code: str) -> Actor:
        """The same actor, stepped up by a code that came with the request: for tokens, and for actors whom
        the application knows.

        Raises:
            StepUpRequired: no second factor is set up, or this code does not count.
            TooManyRequests: too many codes.
        """
        return self._parts.access.step_up.show(actor, code)

    def enrol(self, owner: str, *, by: str) -> Enrolment:
        """Set up a second factor, to be confirmed with its first code. For the command line: whoever may call
        this for a name may be that person.

        Raises:
            InvalidRequest: the owner has one, or GUARD_SECRET_KEY is not set.
        """
        return self._parts.access.step_up.enrol(checked_actor(owner), by=checked_actor(by))

    def confirm(self, owner: str, code: str, *, by: str = "") -> None:
        """Let a second factor count, with its first code.

        Raises:
            StepUpRequired: the code is wrong. InvalidRequest: nothing is to be confirmed.
        """
        self._parts.access.step_up.confirm(owner.strip(), code, by=checked_actor(by or owner))

    def forget(self, owner: str, *, by: str) -> None:
        """Drop a second factor and its break-glass codes.

        Raises:
            InvalidRequest: there is none.
        """
        self._parts.access.step_up.forget(owner.strip(), by=checked_actor(by))

    def has_second_factor(self, owner: str) -> bool:
        """Whether an owner has a confirmed second factor."""
        return self._parts.access.step_up.is_set_up(owner)

    # -- admission -------------------------------------------------------------------------------

    def admit(
        self,
        actor: Actor,
        deed: Deed,
        request: Mapping[str, Any] | None = None,
        *,
        approval_id: str | None = None,
    ) -> None:
        """Return if this actor may do exactly this now; otherwise raise what is missing. Both are journaled,
        with actor, address and how they were known; what only looks is not.

        Args:
            request: all values of the deed, plain JSON: an approval is bound to them.
            approval_id: that somebody else has approved. It is used up when this returns.

        Raises:
            NotAllowed: the right is missing. StepUpRequired: the second factor is.
            ApprovalRequired: the second person is; it has the id under which to ask them.
        """
        self._parts.access.admission.admit(actor, deed, request or {}, approval_id=approval_id)

    def approvals(self) -> list[ApprovalView]:
        """What was asked for in the last week, the newest first, 100 at most."""
        return self._parts.access.admission.all()

    def approve(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Approve what somebody else asked for: it is then theirs to do, once, within its 10 minutes.

        Raises:
            NotAllowed: no right to, or the same person. StepUpRequired: a second factor first.
            InvalidRequest: nothing waits under this id.
        """
        return self._parts.access.admission.approve(actor, approval_id)

    def refuse(self, actor: Actor, approval_id: str) -> ApprovalView:
        """Refuse what somebody asked for. Raises as `approve`."""
        return self._parts.access.admission.refuse(actor, approval_id)

    # -- rates and the journal -------------------------------------------------------------------

    def limit(self, kind: str, key: str) -> Allowance:
        """Count one request, and say what is left.

        Args:
            kind: of `guard.core.rates.RATES`: ``public``, ``read``, ``change``, ``sign in``.
            key: whose: an address, or a credential's id.

        Raises:
            TooManyRequests: with the seconds after which another one counts.
        """
        return self._parts.access.limits.take(kind, key)

    def note_refused(
        self,
        kind: str,
        *,
        actor: Actor | None = None,
        address: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Journal a try that the web layer has refused by itself, for example a form without its token. Any
        number may come: a few get a line, all are counted.

        Args:
            kind: a short stable name, for example ``csrf``.
            detail: plain JSON; no secrets.
        """
        self._parts.access.journal.refused(kind, actor=actor, address=address, detail=detail)

    def close(self) -> None:
        """Write down what was counted, and close the connections."""
        self._parts.access.close()
