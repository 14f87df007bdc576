"""Courseware pages, ink and shapes, undo, blank pages, who has the pen."""
