"""A day in the print shop, run in a process of its own: a normal window, then an emergency. Prints facts."""

import asyncio
import json
import sys
from pathlib import Path

from print_shop import classes, long_jobs, operations, publishing, retries, workflows
from print_shop.app import maintenance
from print_shop.async_web import order_a_crop

import guard
from tests.support.eventually import eventually

FOLDER = Path(sys.argv[1])
facts = {}


def refused(publish, *args, **options):
    """The operation for which it was refused; what it gave otherwise."""
    try:
        return publish(*args, **options)
    except guard.MaintenanceActive as error:
        return error.operation


def result(job):
    """What a job ended with, a workflow's last one too."""
    return job.get(timeout=30)


facts["open"] = [
    result(operations.crop.delay("cat")),
    result(classes.scan.delay(7)),
    result(classes.staple.delay(3)),
    result(workflows.leaflet(3)),
    result(retries.write_label.delay(5, str(FOLDER))),
]

maintenance.enable(reason="New paper", by="printer")
Path(FOLDER, "window").touch()
facts["refused"] = {
    "crop": refused(operations.crop.delay, "cat"),
    "bind_book": refused(operations.bind_book.delay, "atlas"),
    "bind_book on bulk": refused(operations.bind_book.apply_async, ("atlas",), queue="bulk"),
    "scan": refused(classes.scan.delay, 7),
    "Staple": refused(classes.staple.delay, 3),
    "leaflet": refused(workflows.leaflet, 3),
}
facts["answers"] = [publishing.order_a_crop("cat")[1], asyncio.run(order_a_crop("cat"))[0]]
facts["passes"] = [result(operations.invoice.delay(1)), result(operations.report_stock.delay())]
held = [operations.print_page.delay(1), publishing.order_a_book("atlas"), publishing.print_first(2)]
facts["held"] = [job.state for job in held]
eventually(Path(FOLDER, "beaten").exists, within=60, what="beat's jobs, which the test has seen")
maintenance.disable(by="printer")
facts["released"] = [result(job) for job in held]

paper = FOLDER / "paper"
run, cleaned = long_jobs.print_run.delay(40, str(paper)), long_jobs.clean_rollers.delay(10_000)
eventually(lambda: int(paper.read_text()) > 3, within=30, what="four pages")
maintenance.enable(reason="Fire", by="printer", mode="emergency", grace=20)
facts["cleaned fewer"] = result(cleaned) < 10_000
maintenance.drain(within=25)
facts["stopped at"] = int(paper.read_text())
facts["emergency"] = refused(operations.invoice.delay, 2)
maintenance.disable(by="printer")
facts["whole run"] = result(run)
maintenance.close()
print(json.dumps(facts))
