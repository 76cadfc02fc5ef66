"""Captions from a model behind an Ollama server (`POST /api/generate`).

Faults that pass by themselves are tried again: no connection, a timeout, 408, 429 and 5xx; the server's
`Retry-After` is honoured up to the longest delay. All else ends in `CaptionFailed` at once: a wrong model
name does not become right.
"""

from __future__ import annotations

import base64
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from tasks.captions.captioner import Caption, CaptionFailed, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasks.settings import JobSettings

PROMPT: Final = (
    "Describe this image for a blind reader in one or two plain sentences, 80 to 200 characters. "
    "Say what is visible; do not guess names, do not begin with 'The image shows'."
)
OPTIMAL_LENGTH: Final = (80, 200)
"""Characters; a caption outside is noted, not refused."""


class _TransientFault(Exception):
    """This attempt failed and the next may not.

    Attributes:
        retry_after: Seconds the server asked us to wait, or None.
    """

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaCaptioner:
    """Describes images with a vision model. Opens a connection per request and keeps none."""

    url: str = field(repr=False)
    """Base address; may hold a password."""
    model: str
    timeout: float
    """Seconds to connect, and between two parts of an answer."""
    context: int
    """Context length, in tokens."""
    attempts: int
    base_delay: float
    """Seconds before the second attempt; doubles each time."""
    max_delay: float
    """Longest wait between attempts, in seconds."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    """How to wait that many seconds; tests write the delays down instead."""

    @classmethod
    def from_settings(cls, settings: JobSettings) -> OllamaCaptioner:
        """The captioner that the environment describes."""
        return cls(
            url=settings.ollama_url.get_secret_value(),
            model=settings.ollama_model,
            timeout=settings.ollama_timeout,
            context=settings.ollama_model_context,
            attempts=settings.retry_max_attempts,
            base_delay=settings.retry_base_delay,
            max_delay=settings.retry_max_delay,
        )

    @property
    def name(self) -> str:
        """As it stands in captions and errors."""
        return f"ollama/{self.model}"

    def caption(self, image: Path) -> Caption:
        """Ask the model, up to `attempts` times.

        Raises:
            CaptionFailed: Every attempt failed, or the server refused, or its answer holds no caption.
            OSError: The image could not be read; nothing was sent.
        """
        request = {
            "model": self.model,
            "prompt": PROMPT,
            "images": [base64.b64encode(image.read_bytes()).decode("ascii")],
            "stream": False,
            "options": {"num_ctx": self.context},
        }
        retrying = Retrying(
            retry=retry_if_exception_type(_TransientFault),
            stop=stop_after_attempt(self.attempts),
            wait=self._delay,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            text, was_cut = one_line(retrying(self._ask, request))
        except _TransientFault as fault:
            raise CaptionFailed(self.name, f"{fault} ({self.attempts} attempts)") from fault
        return Caption(text=text, captioner=self.name, is_ai=True, notes=_notes(text, was_cut=was_cut))

    def _ask(self, request: dict[str, Any]) -> str:
        """One attempt: the text, not empty."""
        try:
            answer = requests.post(
                f"{self.url.rstrip('/')}/api/generate",
                json=request,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise _TransientFault(f"the server did not answer ({type(error).__name__})") from error
        except requests.RequestException as error:
            # Their text quotes the URL. `from None`, since a logged traceback would quote it too.
            raise CaptionFailed(self.name, f"OLLAMA_URL cannot be used ({type(error).__name__})") from None
        status = answer.status_code
        if status in (408, 429) or status >= 500:
            raise _TransientFault(f"HTTP {status}{_said(answer)}", _retry_after(answer))
        if status != requests.codes.ok:
            raise CaptionFailed(self.name, f"HTTP {status}{_said(answer)}")
        return self._text(answer)

    def _text(self, answer: requests.Response) -> str:
        content = _json(answer)
        if not isinstance(content, dict) or not isinstance(content.get("response"), str):
            raise CaptionFailed(
                self.name, f"malformed answer: no JSON object with a 'response'{_said(answer)}"
            )
        if content.get("done") is False:
            raise CaptionFailed(self.name, "incomplete answer: 'done' is false")
        text: str = content["response"]
        if not text.strip():
            raise CaptionFailed(self.name, "empty answer")
        return text

    def _delay(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: as the server asked, else doubling with ±10 % against lockstep."""
        fault = state.outcome.exception() if state.outcome else None
        if isinstance(fault, _TransientFault) and fault.retry_after is not None:
            return min(fault.retry_after, self.max_delay)
        doubled = self.base_delay * 2.0 ** (state.attempt_number - 1)
        return min(doubled * random.uniform(0.9, 1.1), self.max_delay)  # noqa: S311 (not a secret)


def _json(answer: requests.Response) -> object:
    try:
        content: object = answer.json()
    except requests.exceptions.JSONDecodeError:
        return None
    return content


def _said(answer: requests.Response) -> str:
    """What Ollama gives as the reason, at most 200 characters: `{"error": "model 'x' not found"}`."""
    content = _json(answer)
    reason = content.get("error") if isinstance(content, dict) else None
    return f": {' '.join(reason.split())[:200]}" if isinstance(reason, str) else ""


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds from now, from the header `Retry-After` (seconds or a date); None without a usable one."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # RFC 9110: always GMT; Python leaves "-0000" naive
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _notes(text: str, *, was_cut: bool) -> tuple[str, ...]:
    shortest, longest = OPTIMAL_LENGTH
    notes = ["shortened to 500 characters"] if was_cut else []
    if not shortest <= len(text) <= longest:
        notes.append(f"{len(text)} characters, {shortest} to {longest} read best")
    return tuple(notes)
