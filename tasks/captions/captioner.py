"""What a captioner is, and which one the settings ask for.

A captioner describes the picture or fails. It never invents: a caption becomes the alt text that a blind
reader relies on, so a made-up one is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, assert_never

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.settings import JobSettings

MAX_LENGTH: Final = 500
"""Longest caption, in characters: what Mastodon and Pixelfed clients show without cutting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """One description of one image."""

    text: str
    """1 to `MAX_LENGTH` characters, one line, no space at either end."""
    captioner: str
    """Who wrote it: `palette`, or `ollama/<model>`."""
    is_ai: bool
    """Whether a model wrote it."""
    notes: tuple[str, ...] = ()
    """What a reviewer should know: that it was shortened, is unusually short, or is no AI caption."""


class CaptionFailed(Exception):
    """No caption could be made for this image; there is none, not an empty or invented one.

    Strings only, as in `BrokenImage`, so that pickle and the JSON result backend can rebuild it.

    Attributes:
        captioner: Who tried.
        why: What went wrong, after all attempts. Holds no URL, since a URL may hold a password.
    """

    def __init__(self, captioner: str, why: str) -> None:
        super().__init__(captioner, why)
        self.captioner = captioner
        self.why = why

    def __str__(self) -> str:
        return f"{self.captioner} made no caption: {self.why}"


class Captioner(Protocol):
    """Describes images. Safe to use from several threads."""

    def caption(self, image: Path) -> Caption:
        """Describe the image in the file.

        Raises:
            CaptionFailed: It could not be described.
            BrokenImage: The file is not a usable image; palette looks at the pixels itself.
            OSError: The file could not be read.
        """


def choose(settings: JobSettings) -> Captioner:
    """The captioner that `settings.tasks_captioner` names. Opens no connection."""
    match settings.tasks_captioner:
        case "palette":
            from tasks.captions.palette import PaletteCaptioner

            return PaletteCaptioner()
        case "ollama":
            from tasks.captions.ollama import OllamaCaptioner

            return OllamaCaptioner.from_settings(settings)
        case never:
            assert_never(never)


def one_line(text: str) -> tuple[str, bool]:
    """The text on one line of at most `MAX_LENGTH` characters, cut at a word with "…"; whether it was cut."""
    line = " ".join(text.split())
    if len(line) <= MAX_LENGTH:
        return line, False
    # A line without a space in reach (a model that babbles) is cut in the middle of its word.
    head, _, _ = line[:MAX_LENGTH].rpartition(" ")
    return (head or line[: MAX_LENGTH - 1]).rstrip(" ,;:") + "…", True
