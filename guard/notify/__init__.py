"""Messages to people: written out, sent by mail and webhook, repeated until they have arrived."""
