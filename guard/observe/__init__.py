"""What people and programs see of the guard's doings: log lines."""
