"""What any part of a running process may use, whatever it does.

- cpu_meter: which transport took how much CPU time
- request_id: the id of a request, in log lines and answers
- supervision: starts a part again that crashed
- database_trouble: says in words why the database takes no writes
- garbage: how often Python collects garbage
- memory: how much memory is left
- eager_task: runs a coroutine at once, and makes a task only for one that has to wait
- token_bucket: so many requests or commands per second; histogram: counts of values by bounds
- refusal_reasons: why connections and requests are refused
"""
