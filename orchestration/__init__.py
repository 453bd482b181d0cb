"""What runs, when, in what order: Dagster's definitions and the command line. Thin bodies; the work is in the other packages."""
