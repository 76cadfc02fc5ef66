"""Tasks that may run twice, and tasks that are tried again."""

from pathlib import Path

from celery import shared_task


# region: safe
@shared_task(bind=True, acks_late=True, autoretry_for=(OSError,), max_retries=5, retry_backoff=1)
def write_label(self, order: int, folder: str) -> int:
    label = Path(folder, f"{order}.txt")
    draft = label.with_suffix(f".{self.request.id}")
    draft.write_text(f"order {order}\n")
    draft.replace(label)  # all or nothing, and the same however often it runs
    return self.request.retries


# endregion
