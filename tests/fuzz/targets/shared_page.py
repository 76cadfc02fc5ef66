"""The shared page with anything in it: what a pool child, its agent and a look from outside make of it.

A case is words (numbers of 64 bits) at places of the page, and the text of its scope.
"""

from __future__ import annotations

from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guard.clock import boot_ms
from guard.core.decision import Place as Where
from guard.core.decision import Question, decide
from guard.core.modes import Gate
from guard.core.operations import mask_of
from guard.core.scope import EVERYTHING, Scope
from guard.core.word import DEADLINE_MASK, admits
from guard.gates import page as pages
from guard.gates.page import MOST_SLOTS, SharedPage, SlotView
from guard.gates.runtime import Runtime
from tests.fuzz.gatehouse import GUARDED
from tests.fuzz.strange import as_text, damaged, odd_texts
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Check, Place

_SCOPE_WORD = (MOST_SLOTS + 1) * 8
_LAST = 2**64 - 1
_words = st.one_of(
    st.integers(0, _LAST),
    st.integers(0, 8),
)
_gates = st.builds(
    lambda gate, epoch, deadline: gate << 61 | epoch << 41 | deadline,
    st.integers(0, 7),
    st.integers(0, 2**20 - 1),
    st.sampled_from([0, 1, 2**40, DEADLINE_MASK, DEADLINE_MASK]) | st.integers(0, DEADLINE_MASK),
)
_places = st.sampled_from([1, 2, *range(8, 24), _SCOPE_WORD - 8, _SCOPE_WORD, _SCOPE_WORD + 1])
_scopes = st.one_of(
    damaged(Scope(operations=("caption_generation",), crossing=1e9).to_dict()).flatmap(as_text),
    odd_texts,
    st.sampled_from(["{}", "[]", "null", "[" * 2000, "\udc80"]),
)


@contextmanager
def _ready(_place: Place) -> Iterator[Check]:
    page = SharedPage()
    runtime = Runtime(ensure_agent=lambda: None, count_at_once=lambda *_: None)
    runtime.is_worker = runtime.is_pool_child = runtime.jobs_run_here = True
    runtime.page = page
    size = len(page.words)
    yield lambda case: _look(page, runtime, size, case)


def _look(page: SharedPage, runtime: Runtime, size: int, case: dict[str, Any]) -> str:
    page._memory[:] = bytes(size * 8)
    page._scope._last = 0, EVERYTHING  # what another word said is forgotten
    page.words[0] = case["gate"] & _LAST
    for place, word in case["words"]:
        page.words[place % size] = word & _LAST
    if case["scope"] is not None:
        # as its writer leaves it, for the epoch of the word: known, epoch, length, text
        text = case["scope"].encode(
            "utf-8", "surrogateescape" if "\udc80" in case["scope"] else "surrogatepass"
        )[:7000]
        page._memory[_SCOPE_WORD * 8 + 8 : _SCOPE_WORD * 8 + 8 + len(text)] = text
        epoch = (page.words[0] >> 41) & (2**20 - 1)
        page.words[_SCOPE_WORD] = 1 << 63 | epoch << 32 | len(text)
    word, now = page.words[0], boot_ms()
    view = runtime.view()
    open_by_word = word >> 61 in {1, 4} and now < word & DEADLINE_MASK
    assert admits(word, now, mask_of(GUARDED)) == open_by_word, "a child reads the word otherwise"
    decision = decide(Question(operation=GUARDED, place=Where.START, in_scope=True), view, 0.0)
    assert not decision.allowed or open_by_word, "the gate is open, and the word does not say so"
    assert runtime.is_open() == (open_by_word and word >> 61 == 1)
    if not now < word & DEADLINE_MASK:
        assert not page.honours_bypass(), "a bypass counts after the deadline"
        assert view.gate is Gate.UNKNOWN
        assert view.scope is EVERYTHING or view.scope == EVERYTHING, "a scope is believed after the deadline"
    views = page.slots()
    assert all(isinstance(one, SlotView) for one in views)
    page.anyone_entering()
    for one in views[:4]:
        page.was_asked(one.started_ms)
    assert pages._slots(array("Q", bytes(page._memory[: (MOST_SLOTS + 1) * 64]))) == views
    return f"{view.gate.name}, {'everything' if view.scope == EVERYTHING else 'a scope'}, {min(len(views), 3)} slots"


_OPEN = Gate.OPEN << 61 | 5 << 41 | DEADLINE_MASK
_SHUT = Gate.NORMAL << 61 | 5 << 41 | DEADLINE_MASK
TARGET = Target(
    name="shared_page",
    promise="garbage in the page is closed, and never an exception in a child's decision",
    cases=st.fixed_dictionaries(
        {
            "gate": _gates | st.integers(0, _LAST),
            "words": st.lists(st.tuples(_places, _words), max_size=6),
            "scope": st.none() | _scopes,
        }
    ),
    ready=_ready,
    seeds=[
        {"gate": 0, "words": [], "scope": None},
        {"gate": _OPEN, "words": [], "scope": None},
        {
            "gate": _SHUT,
            "words": [],
            "scope": '{"operations": ["x"], "queues": [], "tenant_key": "", "tenants": [], "crossing": null}',
        },
        {"gate": _LAST, "words": [[1, 1]], "scope": None},
    ],
    few=250,
)
