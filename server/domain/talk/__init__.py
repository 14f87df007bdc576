"""Questions held until an assistant releases them, and announcements."""
