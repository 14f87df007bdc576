"""The command `shuangshi`."""
