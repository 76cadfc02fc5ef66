"""Care for what the application keeps: tables, keys, files."""
