"""The same work on the guard and on other queues: a pause in the middle, judged by a journal that the jobs write."""
