"""docs/automation.md."""


def by_hand(maintenance):
    # region: by-hand
    check = maintenance.routines.run("morning-check", by="alice")
    unknown = check.result.unknown  # what it could not find out
    weeks = maintenance.routines.results("weekly-review", limit=4)
    due = maintenance.routines.due()  # what is to be done now, and why
    swept = maintenance.routines.sweep_expired(by="alice")
    # endregion
    return unknown, weeks, due, swept
