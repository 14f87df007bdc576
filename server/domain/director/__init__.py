"""What the program shows: layouts, by rule and by hand."""
