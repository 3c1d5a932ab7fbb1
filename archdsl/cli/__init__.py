"""The command line: `app` finds commands, `main` answers for their mistakes, `commands` has one file for each."""
