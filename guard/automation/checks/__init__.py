"""The routines, one file each. `ROUTINES` in `guard.automation.checks.catalogue` names them."""
