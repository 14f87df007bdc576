"""Tables in files: read from XLSX and CSV, written as XLSX and CSV. Knows nothing of schools."""
