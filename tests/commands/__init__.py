"""Every command that the documents show is run: see `test_documents.py` for how a new one gets its entry."""
