"""Courseware 课件: what a teacher uploads, drawn as pages by a process of its own, kept under the hash of its bytes."""
