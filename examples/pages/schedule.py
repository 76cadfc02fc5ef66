"""docs/schedule.md."""


def plan(maintenance):
    # region: plan
    maintenance.schedule.add(
        name="Reindex",
        reason="Weekly reindex",
        by="alice",
        at="2026-12-06 02:00",
        zone="Europe/Berlin",
        duration=5400,
        every="FREQ=WEEKLY;BYDAY=SU",
        look_ahead=1800,
        extend_by=900,
        max_extensions=2,
    )
    maintenance.schedule.run_due()  # what beat calls every half minute; safe at any time, by several at once
    # endregion
