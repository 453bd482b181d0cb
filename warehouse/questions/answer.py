"""Answers the questions of this folder from a release, with nothing installed but DuckDB: pip install duckdb.

    python answer.py releases/2026.1 answers

writes answers/<question>.csv. A text that is missing is empty.
"""

import csv
import sys
from pathlib import Path

import duckdb


def main(release: str, target: str) -> None:
    """Run every question and write its result."""
    Path(target).mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(Path(release, "integrationsmonitor.duckdb")), read_only=True) as con:
        for question in sorted(Path(__file__).parent.glob("*.sql")):
            result = con.execute(question.read_text(encoding="utf-8"))
            with Path(target, f"{question.stem}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(column[0] for column in result.description)
                writer.writerows(result.fetchall())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
