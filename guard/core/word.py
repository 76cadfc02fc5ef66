"""The shared page's word: mode, epoch and deadline of the gate in one 64-bit number.

    bit 63..61   gate      three bits, see `Gate`; 0 is UNKNOWN, so an unwritten page is closed
    bit 60..41   epoch     the low 20 bits, for reports; safety does not rest on it
    bit 40..0    deadline  milliseconds of CLOCK_BOOTTIME until which the word may be believed (69 years)

Why one word: a child must see gate and deadline of the *same* renewal. Two loads or two stores let
a stale "open" meet a fresh deadline; the model finds that counter-example (docs/decisions.md D2).
"""

from __future__ import annotations

from guard.core.modes import Gate

__all__ = ["DEADLINE_BITS", "DEADLINE_MASK", "EPOCH_MASK", "GATE_SHIFT", "admits", "pack", "unpack"]

DEADLINE_BITS = 41
DEADLINE_MASK = (1 << DEADLINE_BITS) - 1
EPOCH_MASK = (1 << 20) - 1
GATE_SHIFT = 61


def pack(gate: Gate, epoch: int, deadline_ms: int) -> int:
    """The word for a gate, an epoch and a deadline in milliseconds of CLOCK_BOOTTIME."""
    clamped = min(max(deadline_ms, 0), DEADLINE_MASK)
    return (gate << GATE_SHIFT) | ((epoch & EPOCH_MASK) << DEADLINE_BITS) | clamped


def unpack(word: int) -> tuple[Gate, int, int]:
    """Gate, low bits of the epoch, and deadline of a word. A code that is no gate reads as UNKNOWN."""
    code = word >> GATE_SHIFT
    gate = Gate(code) if code in Gate.__members__.values() else Gate.UNKNOWN
    return gate, (word >> DEADLINE_BITS) & EPOCH_MASK, word & DEADLINE_MASK


def admits(word: int, now_ms: int, blocked_mask: int) -> bool:
    """Whether a job whose operation has this mask may start now. The gate of the pool children.

    After its deadline a word is worth nothing: the gate is then unknown, which blocks every
    guarded job whatever the word says.
    """
    return now_ms < word & DEADLINE_MASK and not blocked_mask >> (word >> GATE_SHIFT) & 1
