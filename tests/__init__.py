"""A package, so that `tests.support` is importable and equal file names in two folders do not clash.

Every process of a test, workers too, insists that events have exactly the fields of the catalogue.
"""

from guard.observe.announcer import Announcer

Announcer.is_strict = True
