"""The Ollama client against an HTTP server that speaks its API: it captions or fails, never invents."""

from __future__ import annotations

import base64
import socket
import threading
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response

from tasks.captions.captioner import CaptionFailed
from tasks.captions.ollama import OllamaCaptioner
from tasks.settings import JobSettings
from tests.jobs.pictures import save

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

GOOD = "A red rectangle fills the whole picture from one edge to the other, without any other visible detail."


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return save(tmp_path / "p.jpg")


@pytest.fixture
def delays() -> list[float]:
    """The seconds that the captioner would have waited, in order."""
    return []


@pytest.fixture
def captioner(httpserver: HTTPServer, delays: list[float]) -> OllamaCaptioner:
    return _captioner(httpserver.url_for("/"), delays)


def _captioner(url: str, delays: list[float], **changes: Any) -> OllamaCaptioner:
    values: dict[str, Any] = {
        "url": url, "model": "llava:7b", "timeout": 5.0, "context": 4096,
        "attempts": 3, "base_delay": 1.0, "max_delay": 30.0, "sleep": delays.append,
    }  # fmt: skip
    return OllamaCaptioner(**(values | changes))


def _answers(server: HTTPServer, *responses: Response) -> None:
    """The server gives these, one per request, and nothing afterwards."""
    for response in responses:
        server.expect_ordered_request("/api/generate", method="POST").respond_with_response(response)


def _ok(**content: object) -> Response:
    return _json({"model": "llava:7b", "done": True, **content})


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    import json

    return Response(json.dumps(content), status, headers, content_type="application/json")


def test_sends_what_the_api_wants_and_returns_the_caption(
    httpserver: HTTPServer, captioner: OllamaCaptioner, image: Path
) -> None:
    _answers(httpserver, _ok(response=f"  {GOOD}\n"))
    caption = captioner.caption(image)
    assert (caption.text, caption.captioner, caption.is_ai, caption.notes) == (
        GOOD,
        "ollama/llava:7b",
        True,
        (),
    )
    ((request, _),) = httpserver.log
    sent = request.get_json()
    assert sent.pop("prompt")
    assert sent == {
        "model": "llava:7b",
        "images": [base64.b64encode(image.read_bytes()).decode()],
        "stream": False,
        "options": {"num_ctx": 4096},
    }


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_tries_again_after_a_passing_fault(
    httpserver: HTTPServer, captioner: OllamaCaptioner, image: Path, delays: list[float], status: int
) -> None:
    _answers(httpserver, Response(status=status), Response(status=status), _ok(response=GOOD))
    assert captioner.caption(image).text == GOOD
    assert delays == [pytest.approx(1, rel=0.1), pytest.approx(2, rel=0.1)]
    assert len(httpserver.log) == 3


@pytest.mark.parametrize(
    ("header", "waits"),
    [
        ("7", 7),
        ("0", 0),
        ("600", 30),  # capped: a job must not sleep through a drain
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 30),
        ("soon", pytest.approx(1, rel=0.1)),
        ("-5", pytest.approx(1, rel=0.1)),
    ],
    # Without the times: processes that run tests side by side must find the same names.
    ids=["seconds", "none", "too many", "an hour ago", "in an hour", "words", "negative"],
)
def test_waits_as_long_as_the_server_asks(
    httpserver: HTTPServer,
    captioner: OllamaCaptioner,
    image: Path,
    delays: list[float],
    header: str,
    waits: float,
) -> None:
    _answers(httpserver, Response(status=429, headers={"Retry-After": header}), _ok(response=GOOD))
    captioner.caption(image)
    assert delays == [waits]


def test_gives_up_after_the_last_attempt(
    httpserver: HTTPServer, captioner: OllamaCaptioner, image: Path, delays: list[float]
) -> None:
    _answers(httpserver, *[_json({"error": "model runner has crashed"}, 500)] * 3)
    with pytest.raises(CaptionFailed, match=r"HTTP 500: model runner has crashed \(3 attempts\)"):
        captioner.caption(image)
    assert len(delays) == 2


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (_json({"error": "model 'llava:7b' not found"}, 404), "HTTP 404: model 'llava:7b' not found"),
        (Response("no", 400), "HTTP 400"),
        (Response(status=302, headers={"Location": "/elsewhere"}), "HTTP 302"),
        (Response("<html>a proxy says hello</html>"), "malformed answer"),
        (Response(""), "malformed answer"),
        (Response(b"\xff\xfe{"), "malformed answer"),
        (_json(["a list"]), "malformed answer"),
        (_json({"done": True}), "malformed answer"),
        (_json({"error": "out of memory"}), "malformed answer.*: out of memory"),
        (_ok(response=None), "malformed answer"),
        (_ok(response=5), "malformed answer"),
        (_ok(response=""), "empty answer"),
        (_ok(response=" \n\t"), "empty answer"),
        (_json({"response": "A red", "done": False}), "incomplete answer"),
    ],
)
def test_fails_at_once_and_invents_nothing(
    httpserver: HTTPServer,
    captioner: OllamaCaptioner,
    image: Path,
    delays: list[float],
    response: Response,
    why: str,
) -> None:
    _answers(httpserver, response)
    with pytest.raises(CaptionFailed, match=why):
        captioner.caption(image)
    assert delays == []
    assert len(httpserver.log) == 1


def test_a_server_that_does_not_answer_in_time(
    httpserver: HTTPServer, image: Path, delays: list[float]
) -> None:
    released = threading.Event()

    def hang(_: Request) -> Response:
        released.wait(20)
        return _ok(response="too late")

    httpserver.expect_request("/api/generate").respond_with_handler(hang)
    try:
        with pytest.raises(CaptionFailed, match=r"did not answer \(ReadTimeout\) \(1 attempts\)"):
            _captioner(httpserver.url_for("/"), delays, timeout=0.1, attempts=1).caption(image)
    finally:
        released.set()


def test_no_server_and_no_password_in_what_is_said(image: Path, delays: list[float]) -> None:
    with socket.socket() as bound_and_deaf:
        bound_and_deaf.bind(("127.0.0.1", 0))
        port = bound_and_deaf.getsockname()[1]
        captioner = _captioner(f"http://anna:geheim@127.0.0.1:{port}", delays)
        with pytest.raises(
            CaptionFailed, match=r"did not answer \(ConnectionError\) \(3 attempts\)"
        ) as caught:
            captioner.caption(image)
    assert "geheim" not in "".join(traceback.format_exception(caught.value)) + repr(captioner)


@pytest.mark.parametrize("url", ["anna:geheim@host", "http://anna:geheim@", "gopher://anna:geheim@host"])
def test_an_unusable_address_is_named_without_its_password(
    image: Path, delays: list[float], url: str
) -> None:
    with pytest.raises(CaptionFailed, match="OLLAMA_URL cannot be used") as caught:
        _captioner(url, delays).caption(image)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
    assert delays == []


@pytest.mark.parametrize(
    ("said", "length", "notes"),
    [
        ("word " * 200, 500, ("shortened to 500 characters", "500 characters, 80 to 200 read best")),
        ("x" * 600, 500, ("shortened to 500 characters", "500 characters, 80 to 200 read best")),
        ("A cat.", 6, ("6 characters, 80 to 200 read best",)),
    ],
)
def test_limits_the_length_and_notes_it(
    httpserver: HTTPServer,
    captioner: OllamaCaptioner,
    image: Path,
    said: str,
    length: int,
    notes: tuple[str, ...],
) -> None:
    _answers(httpserver, _ok(response=said))
    caption = captioner.caption(image)
    assert (len(caption.text), caption.notes) == (length, notes)


def test_a_missing_image_sends_nothing(
    httpserver: HTTPServer, captioner: OllamaCaptioner, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        captioner.caption(tmp_path / "missing.jpg")
    assert httpserver.log == []


def test_the_environment_names_are_the_guides(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "OLLAMA_URL": "http://gpu:1",
        "OLLAMA_MODEL": "llava:13b",
        "OLLAMA_TIMEOUT": "9",
        "OLLAMA_MODEL_CONTEXT": "2048",
        "RETRY_MAX_ATTEMPTS": "5",
        "RETRY_BASE_DELAY": "0.5",
        "RETRY_MAX_DELAY": "4",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    captioner = OllamaCaptioner.from_settings(JobSettings())
    assert (captioner.url, captioner.model, captioner.timeout, captioner.context) == (
        "http://gpu:1",
        "llava:13b",
        9,
        2048,
    )
    assert (captioner.attempts, captioner.base_delay, captioner.max_delay) == (5, 0.5, 4)
