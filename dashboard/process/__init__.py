"""What any part of a running process may use, whatever it does.

- cpu_meter: which transport took how much CPU time
- request_id: the id of a request, in log lines and answers
- supervision: starts a part again that crashed
- database_trouble: says in words why the database takes no writes
- garbage: how often Python collects garbage
"""
