"""The application's sessions: found, judged, ended."""
