"""What is captured of a lesson: the format of capture files, their writer and reader."""
