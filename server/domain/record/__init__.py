"""Recording: begins with the lesson, pauses, stops; everybody sees it (S13)."""
