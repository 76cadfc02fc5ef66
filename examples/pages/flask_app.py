"""docs/flask.md: a Flask application with the guard."""

from types import SimpleNamespace

from celery import Celery
from flask import request

celery_app = Celery("shop", broker="redis://localhost:6379/0")
USERS = {
    7: SimpleNamespace(id=7, username="ann", role="viewer", password="pw"),
    8: SimpleNamespace(id=8, username="boss", role="admin", password="pw"),
}
db = SimpleNamespace(get_user=USERS.get)


def check_password(form):
    for user in USERS.values():
        if (user.username, user.password) == (form["name"], form["password"]):
            return user
    return None


# region: application
from flask import Flask, session

import guard
from guard.web import MaintenanceExtension, User, guarded

maintenance = guard.install(celery_app)


def who_asks(request):
    """None for nobody; the role from the table `users`, not from the session."""
    if "user_id" not in session:
        return None
    user = db.get_user(session["user_id"])
    return User(
        name=user.username,
        role=user.role,
        generation=session.get("guard_generation"),
        created_at=session.get("created_at"),
    )


app = Flask(__name__)
extension = MaintenanceExtension(app, maintenance, user=who_asks)
# endregion
app.secret_key = "of this page"

# region: rules
from enum import Enum


class Ours(Enum):
    READS = "read_operations"


rules = maintenance.operations
rules.declare("exports", message="Exports are not possible now", makes_jobs=True)
rules.add_endpoint("exports", regex=r"/reports/[^/]+/export", methods=("POST",))
rules.add_endpoint(Ours.READS, regex=r"/search", methods="POST")  # a member of an enumeration does too
# endregion


# region: view
@app.post("/captions")
@guarded("caption_generation")
def captions():
    return "in a moment", 202


# endregion


@app.post("/search")
def search():
    return "found", 200


@app.post("/reports/<name>/export")
def export(name):
    return f"{name} exported", 200


# region: login
@app.post("/login")
def login():
    user = check_password(request.form)  # None: wrong
    extension.sign_in(user.role if user else None)  # 503 here, or the session gets its number
    if user is None:
        return "Wrong name or password", 403
    session["user_id"] = user.id
    return f"Hello {user.username}"


# endregion
