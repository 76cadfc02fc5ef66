"""Notifications with real servers: SMTP by aiosmtpd, HTTPS by http.server."""
