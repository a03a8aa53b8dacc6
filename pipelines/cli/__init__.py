"""The command line `genssl`, one file per group of commands."""
