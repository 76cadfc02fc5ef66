"""docs/sessions.md."""


def at_sign_in(maintenance, user, session):
    # region: sign-in
    number = maintenance.sessions.stamp()  # first: a window that begins in between ends this session too
    if not maintenance.sessions.may_sign_in(user.role):
        return "System maintenance: only administrators can sign in", 503
    if number is not None:
        session["guard_generation"] = number
    # endregion
    return "welcome", 200


def in_every_request(maintenance, user, session, sign_out):
    # region: every-request
    known = maintenance.sessions.is_accepted(
        session.get("guard_generation"), session.get("created_at"), user.role
    )
    if not known:
        return sign_out()
    # endregion
    return "page", 200
