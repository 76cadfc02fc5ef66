"""Who may do what over HTTP: tokens, page sessions, second factors, second persons, rates.

Loaded by a process that asks, never by `import guard`. The rules are in `guard.core`; here they meet the
stores.
"""
