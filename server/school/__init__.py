"""Organisations, classrooms, classes, groups, timetable: what the office does. Every change is an audited act."""
