"""The media plane: packets, tracks, sessions, files. It never knows lessons, people or schools."""
