"""docs/access.md."""

# region: admit
from guard.core.access import Deed


def start_emergency(maintenance, bearer, code, address, values, approval_id=None):
    actor = maintenance.access.actor_of_token(bearer, address=address, code=code)  # who is it?
    # may they do exactly this now?
    maintenance.access.admit(actor, Deed.START_EMERGENCY, values, approval_id=approval_id)
    return maintenance.enable(mode="emergency", by=actor.name, **values)


def may_caption(maintenance, token, user_id):  # in a request, while closed
    return maintenance.bypasses.lets_pass(token, operation="caption_generation", user=user_id)


# endregion
