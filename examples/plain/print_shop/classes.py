"""Task classes of the application's own."""

from typing import Any

from celery import Task

from print_shop.app import app


# region: base
class Audited(Task):
    """The base class that was always there."""

    abstract = True
    seen: list[str] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.seen.append(self.name)
        return super().__call__(*args, **kwargs)


@app.task(base=Audited, bind=True, operation="image_processing")
def scan(self, page: int) -> str:
    return f"scan {page} by {type(self).__mro__[1].__name__}, {len(self.seen)} seen"


# endregion


# region: class
class Staple(Audited):
    name = "print_shop.classes.Staple"
    operation = "job_creation"

    def run(self, pages: int) -> str:
        return f"{pages} pages stapled"


staple = app.register_task(Staple())
# endregion
