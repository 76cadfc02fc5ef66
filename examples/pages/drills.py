"""docs/drills.md."""


def play(maintenance, tell_the_id):
    # region: play
    record = maintenance.drills.run("team", by="trainer", began=tell_the_id)  # returns at its end
    same = maintenance.drills.show(record.drill_id[:8])
    latest = maintenance.drills.list(limit=1)
    # endregion
    return record, same, latest


def acknowledge(maintenance, drill_id):
    # region: acknowledge
    maintenance.drills.acknowledge(drill_id, by="alice")
    # endregion
