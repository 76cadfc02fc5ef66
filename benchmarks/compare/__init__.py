"""The same work on the guard and on other queues, a pause in the middle, judged by the jobs' own journal."""
