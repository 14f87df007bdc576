"""`python -m media`: one media worker in the foreground."""

from media.worker.process import main

if __name__ == "__main__":
    main()
