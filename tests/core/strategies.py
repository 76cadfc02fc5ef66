"""Values for the properties: every guard state that a store may hold, and JSON of any shape."""

from __future__ import annotations

from hypothesis import Phase as Stage
from hypothesis import settings
from hypothesis import strategies as st

from guard.core.generation import Generation, SessionPolicy
from guard.core.modes import Mode, Phase
from guard.core.scope import Scope
from guard.core.state import GuardState
from guard.core.terms import AtDeadline, Terms

many = settings(max_examples=80, deadline=None, print_blob=True)
some = settings(max_examples=30, deadline=None, print_blob=True)
slow_when_failing = settings(
    max_examples=80, deadline=None, print_blob=True, phases=(Stage.explicit, Stage.reuse, Stage.generate)
)
"""Without shrinking: for properties whose failures take long."""

moments = st.floats(min_value=0, max_value=4e9)
ids = st.sampled_from(["", "a", "b", "0b51c9a2-6f4e-4c87-b111-8f5b1a3e2d10"])
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co")), min_size=1, max_size=8)

mode_and_phase = st.one_of(
    st.just((None, Phase.INACTIVE)),
    st.tuples(
        st.sampled_from(Mode), st.sampled_from([phase for phase in Phase if phase is not Phase.INACTIVE])
    ),
)
epochs = st.integers(min_value=0, max_value=2**53)


terms = st.builds(
    Terms,
    grace=st.none() | st.integers(min_value=0, max_value=300),
    drain_within=st.none() | st.integers(min_value=1, max_value=7 * 86_400),
    at_deadline=st.sampled_from(AtDeadline),
    verify=st.booleans(),
    notify=st.booleans(),
    extended=st.integers(min_value=0, max_value=1000),
    sessions=st.none() | st.sampled_from(SessionPolicy),
    scope=st.builds(
        Scope,
        operations=st.sampled_from([(), ("caption_generation",), ("image_processing", "job_creation")]),
        queues=st.sampled_from([(), ("jobs",)]),
        crossing=st.none() | moments,
    ),
)
generations = st.builds(
    Generation, number=st.integers(min_value=0, max_value=1000), valid_after=st.none() | moments
)


@st.composite
def states(draw: st.DrawFn) -> GuardState:
    """A state that the guard itself could have written."""
    mode, phase = draw(mode_and_phase)
    return GuardState(
        epoch=draw(epochs),
        phase=phase,
        mode=mode,
        window_id=draw(ids),
        reason=draw(names),
        by=draw(names),
        started_at=draw(st.none() | moments),
        duration=draw(st.none() | st.integers(min_value=1, max_value=7 * 86_400)),
        changed_at=draw(moments),
        store_id=draw(ids),
        terms=draw(terms),
        generation=draw(generations),
    )


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=10),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=5,
)
