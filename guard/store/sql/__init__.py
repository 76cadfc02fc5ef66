"""The durable truth in SQL: MySQL or MariaDB in production, SQLite embedded."""
