"""Tests of the test support: a flaw there would show up as a flaw of the guard."""
