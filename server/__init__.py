"""The school: lessons, classrooms, people, pages. It never touches a packet."""
