"""docs/rollback.md."""


def go_back(maintenance):
    # region: go-back
    shown = maintenance.differences()  # of the current or last window, or differences(window_id)
    done = maintenance.disable(by="alice", rollback=True).rolled_back
    numbers = [len(part) for part in (done.restored, done.failed, done.left, done.unknown)]
    again = maintenance.rollback(by="alice")  # once more, for a window that is over
    # endregion
    return shown, done, numbers, again
