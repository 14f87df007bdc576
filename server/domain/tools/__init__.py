"""Random pick, praise, timer, activity groups."""
