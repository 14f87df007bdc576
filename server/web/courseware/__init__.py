"""Courseware over HTTP: uploads, pages, and the teacher's page about them."""
