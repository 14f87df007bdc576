"""`python -m server.courseware.render`: the process that reads what strangers made. It has no secrets, little memory and little time."""
