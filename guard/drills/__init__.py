"""Drills: training scenarios, played on the running system in test mode or on a fleet of their own."""
