"""Pages of organisations, classrooms, groups and classes."""
