"""The school social index list of the sample city: one line per school, as the ministry publishes it.

The names of schools are carried for the sample city only; the other lines leave the name blank.
"""

from __future__ import annotations

import csv
import io

from warehouse.demo.figures import read_lines

HEADER = ("Bezirksregierung", "Kreis", "Schulform", "Schulnummer", "Schulname", "Sozialindex")


def render_schools() -> bytes:
    """The list as bytes: UTF-8, comma, LF."""
    names = {line["schulnummer"]: line["schulname"] for line in read_lines("schulnamen.csv")}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for line in read_lines("sozialindex_2024-25.csv"):
        for number in line["schulnummern"].split():
            school = (line["bezirksregierung"], line["kreis"], line["schulform"], number)
            writer.writerow([*school, names.get(number, ""), line["sozialindex"]])
    return out.getvalue().encode()
