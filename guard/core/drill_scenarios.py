"""The five scenarios of the training materials (modules 5 and 8), as tables.

People's times are those of the materials' response process: assessed in 5 minutes, decided in 15, contained
in 30. The guard's own are its promises: closed within a lease, out by the grace period.
"""

from __future__ import annotations

from guard.core.drill_detection import Fault, Readings
from guard.core.drill_steps import CLOSE, OPEN, asking, detecting, draining, repairing
from guard.core.drills import Concern, Scenario, Symptom, Who
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

__all__ = ["SCENARIOS", "scenario_of"]

SECURITY_INCIDENT = Scenario(
    name="security-incident",
    title="Security incident",
    situation="somebody tries passwords of administrators, and one of the tries has succeeded",
    mode="emergency",
    symptoms=(
        Symptom(
            told="login page: 240 failed sign-ins per minute for 12 administrators, from 38 addresses",
            reading=Readings(failed_sign_ins=240.0),
        ),
        Symptom(
            told="audit: `admin` signed in from an address that was never seen, and exported the users table",
            reading=Readings(),
        ),
    ),
    expects=Fault.SECURITY,
    steps=(
        detecting("the failed sign-ins are seen as an attack"),
        asking(
            "assess", "say that you have the incident: what is at risk, how grave is it", Who.EMERGENCY, 5, 15
        ),
        asking(
            "decide", "decide on the emergency mode, and say that the team is told", Who.EMERGENCY, 10, 10
        ),
        CLOSE,
        draining(600.0),
        asking(
            "evidence",
            "preserve evidence (`maintenance evidence`) before anything is repaired",
            Who.EMERGENCY,
            15,
            10,
        ),
        asking(
            "contain",
            "change credentials, end sessions, close the way in",
            Who.ADMINISTRATOR,
            15,
            10,
            concern=Concern.RECOVERED,
        ),
        repairing("the attack is over"),
        OPEN,
        asking(
            "review",
            "write down what happened, and who reviews it",
            Who.EMERGENCY,
            15,
            5,
            concern=Concern.RECOVERED,
        ),
    ),
)

SYSTEM_FAILURE = Scenario(
    name="system-failure",
    title="System failure",
    situation="a worker was killed, and Redis does not answer",
    mode="normal",
    symptoms=(
        Symptom(
            told="monitor: worker-1 has not been heard of for a minute", reading=Readings(silent_workers=1)
        ),
        Symptom(
            told="web log: every second request fails, `Redis is away`", reading=Readings(stores_answer=False)
        ),
    ),
    expects=Fault.COMPONENT,
    steps=(
        detecting("that a component is gone is seen"),
        asking("assess", "say which component failed, and what still works", Who.OPERATIONS, 5, 15),
        asking("decide", "decide on a window, and say who is told", Who.EMERGENCY, 10, 10),
        repairing("the component is back, and every worker is heard of"),
        CLOSE,
        draining(600.0),
        asking(
            "check",
            "check data and services before users come back",
            Who.ADMINISTRATOR,
            15,
            15,
            concern=Concern.RECOVERED,
        ),
        OPEN,
        asking(
            "review",
            "write down the cause, and what keeps it from coming back",
            Who.OPERATIONS,
            15,
            10,
            concern=Concern.RECOVERED,
        ),
    ),
)

PERFORMANCE_CRISIS = Scenario(
    name="performance-crisis",
    title="Performance crisis",
    situation="jobs take minutes instead of seconds, and the queues grow",
    mode="emergency",
    symptoms=(
        Symptom(told="users: captions take minutes", reading=Readings(longest_job=240.0)),
        Symptom(
            told="monitor: 900 jobs wait, twice as many as ten minutes ago",
            reading=Readings(waiting_jobs=900),
        ),
    ),
    expects=Fault.SLOW,
    steps=(
        detecting("that jobs are slow is seen"),
        asking("assess", "say what is slow, and since when", Who.OPERATIONS, 5, 15),
        asking("decide", "decide whether running jobs may end by themselves", Who.EMERGENCY, 10, 10),
        CLOSE,
        draining(600.0),
        asking("mitigate", "take the cause away", Who.ADMINISTRATOR, 15, 15, concern=Concern.RECOVERED),
        repairing("jobs are as fast as before"),
        OPEN,
        asking(
            "review",
            "write down the cause and the limit that was missing",
            Who.OPERATIONS,
            15,
            10,
            concern=Concern.RECOVERED,
        ),
    ),
)

PLANNED_WINDOW = Scenario(
    name="planned-window",
    title="Planned window",
    situation="the database is to be optimised, in a window of 90 minutes",
    mode="normal",
    symptoms=(
        Symptom(
            told="calendar: database optimisation in one hour, 90 minutes", reading=Readings(starts_in=3600.0)
        ),
    ),
    expects=Fault.PLANNED,
    steps=(
        detecting("the planned start is seen"),
        asking("plan", "say what is done, who does it, and how to go back", Who.ADMINISTRATOR, 15, 15),
        asking("tell", "tell stakeholders and users what they will notice", Who.SUPPORT, 10, 10),
        CLOSE,
        draining(1800.0),
        asking(
            "work",
            "do the work, and say when it is done",
            Who.ADMINISTRATOR,
            90,
            10,
            concern=Concern.RECOVERED,
        ),
        asking(
            "validate", "check that it did what it should", Who.OPERATIONS, 15, 10, concern=Concern.RECOVERED
        ),
        OPEN,
        asking("record", "write down what was done", Who.ADMINISTRATOR, 15, 5, concern=Concern.RECOVERED),
    ),
)

TEAM = Scenario(
    name="team",
    title="Team coordination",
    situation="a large window with several people, and something goes wrong in its middle",
    mode="normal",
    symptoms=(
        Symptom(
            told="calendar: large maintenance in one hour, four people", reading=Readings(starts_in=3600.0)
        ),
        Symptom(told="monitor, in the middle of it: worker-1 is silent", reading=Readings(silent_workers=1)),
    ),
    expects=Fault.PLANNED,
    steps=(
        detecting("the planned start is seen"),
        asking("lead", "say that you lead, and who does what", Who.ADMINISTRATOR, 10, 10),
        asking("operations", "say that operations are ready", Who.OPERATIONS, 5, 10, apart_from=("lead",)),
        asking(
            "support",
            "say that users are told, and who answers them",
            Who.SUPPORT,
            5,
            10,
            apart_from=("lead", "operations"),
        ),
        CLOSE,
        draining(1800.0),
        asking(
            "complication",
            "see to the silent worker, and tell whoever leads",
            Who.OPERATIONS,
            10,
            15,
            apart_from=("lead",),
        ),
        asking(
            "go",
            "ask everybody, and decide that the window may end",
            Who.ADMINISTRATOR,
            5,
            5,
            concern=Concern.RECOVERED,
        ),
        OPEN,
        asking(
            "debrief",
            "hold the debrief, and write down what to do better",
            Who.ADMINISTRATOR,
            30,
            10,
            concern=Concern.RECOVERED,
        ),
    ),
)

SCENARIOS = {
    one.name: one for one in (SECURITY_INCIDENT, SYSTEM_FAILURE, PERFORMANCE_CRISIS, PLANNED_WINDOW, TEAM)
}


def scenario_of(name: str) -> Scenario:
    """One by its name.

    Raises:
        InvalidRequest: there is none.
    """
    found = SCENARIOS.get(name)
    if found is None:
        near = did_you_mean(name, SCENARIOS)
        raise InvalidRequest(f"there is no scenario {name[:40]!r}{near}: use {', '.join(SCENARIOS)}")
    return found
