"""Monthly security audit: who is admin, weak settings, the certificate, outdated packages.

The environment looked at is that of the worker which runs the audit. No value of a setting leaves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.notes import Notes, in_short
from guard.core.alerts import Severity
from guard.core.settings_review import review_environment
from guard.observe.certificate import CertificateRefused

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineResult

__all__ = ["security_audit"]

_DAY = 86_400.0
_SOON_DAYS, _VERY_SOON_DAYS = 30, 7


def security_audit(world: World) -> RoutineResult:
    """Look at all of it. Packages only where GUARD_CHECK_PACKAGES allows the network."""
    notes = Notes()
    _look_at_admins(notes, world)
    found = review_environment(_with_secrets_of_files(world))
    notes.figure("settings that should be changed", len(found))
    notes.add(*found)
    _look_at_certificate(notes, world)
    _look_at_packages(notes, world)
    return notes.result()


def _with_secrets_of_files(world: World) -> dict[str, str]:
    """The key and the addresses may come from files instead of the environment."""
    environ, settings = dict(world.environ), world.settings
    if settings.guard_secret_key is not None:
        environ["GUARD_SECRET_KEY"] = settings.guard_secret_key.reveal()
    for name in ("database_url", "redis_url", "celery_broker_url", "celery_result_backend"):
        environ.setdefault(name.upper(), str(getattr(settings, name)))
    return environ


def _look_at_admins(notes: Notes, world: World) -> None:
    admins = notes.ask("admin users", world.database.admins)
    if admins is None:
        return
    notes.find(Severity.INFO, "admin users", f"{len(admins)} users are admins: is each meant to be?")
    if not admins:
        notes.find(Severity.WARNING, "no admin", "the application has no user of role ADMIN")


def _look_at_certificate(notes: Notes, world: World) -> None:
    host, name = world.settings.guard_tls_host, "days until the certificate ends"
    if not host:
        notes.unknown(name, "GUARD_TLS_HOST names no host")
        return
    try:
        end = world.certificate_end(host)
    except CertificateRefused as error:
        notes.unknown(name, f"the certificate is refused: {error}")
        message = f"clients refuse the certificate of {host}: {error}"
        notes.find(Severity.CRITICAL, "certificate refused", message, subject=host)
        return
    except Exception as error:  # noqa: BLE001 - the audit goes on
        notes.unknown(name, in_short(error))
        return
    days = int((end - world.clock.wall()) // _DAY)
    notes.figure(name, days)
    if days < _SOON_DAYS:
        severity = Severity.CRITICAL if days < _VERY_SOON_DAYS else Severity.WARNING
        message = f"the certificate of {host} ends in {days} days"
        notes.find(severity, "certificate ends soon", message, subject=host)


def _look_at_packages(notes: Notes, world: World) -> None:
    name = "outdated packages"
    if not world.settings.guard_check_packages:
        notes.unknown(name, "GUARD_CHECK_PACKAGES is false: it would go to the network")
        return
    outdated = notes.ask(name, world.outdated_packages)
    if outdated:
        names = ", ".join(one["name"] for one in outdated[:10])
        notes.find(Severity.INFO, "outdated packages", f"{len(outdated)} packages are outdated: {names}")
