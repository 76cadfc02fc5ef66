"""docs/flask.md: the same questions, asked by hand."""


# region: ask
def captions(maintenance, user, session, token=None):
    """As a view would: a body, a status, headers."""
    known = maintenance.sessions.is_accepted(
        session.get("guard_generation"), session.get("created_at"), user.role
    )
    if not known:
        return "Sign in again", 401, {}
    decision = maintenance.check_request("POST", "/captions", user=user, bypass=token)
    if not decision.allowed:
        maintenance.attempts.note("caption_generation", user=user.name, endpoint="/captions")
        return decision.message, 503, {"Retry-After": str(decision.retry_after)}
    return "In a moment", 202, {}


def may_caption(maintenance, user, token=None):  # by the operation alone
    return maintenance.check("caption_generation", user=user, bypass=token).allowed


def may_sign_in(maintenance, user):
    return maintenance.sessions.may_sign_in(user.role)


# endregion
