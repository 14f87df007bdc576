"""Import and export of school data as tables: declared columns, a dry run that names every bad cell, all or nothing."""
