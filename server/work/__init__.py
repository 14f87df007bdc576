"""Work behind the lessons' backs: loops that never die, leases so that one process has each job, child processes that tell how far they are."""
