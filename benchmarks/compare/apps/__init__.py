"""One module for each tool: its workers load it, and ``python -m`` of it publishes, pauses and resumes."""
