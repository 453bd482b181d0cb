"""The other side of the comparison: pandas.read_csv and the clean-up that the flat reader does.

The same cells come out: stripped text, row and column of each value, area, time, unit, the axes with code and label, and
the number where the text is one. The statistic and the variables are those that occur in the file, as for the reader.
"""

from __future__ import annotations

import json
import sys

import pandas as pd

CELLS = {
    "value": "text",
    "value_unit": "unit",
    "time": "time",
    "1_variable_attribute_code": "area_code",
    "1_variable_attribute_label": "area_label",
    "2_variable_attribute_code": "axis_1_code",
    "2_variable_attribute_label": "axis_1",
    "value_variable_code": "axis_2_code",
    "value_variable_label": "axis_2",
}
SHAPE = [
    "statistics_code",
    "statistics_label",
    "1_variable_code",
    "1_variable_label",
    "2_variable_code",
    "2_variable_label",
]


def main(path: str) -> None:
    """Read ``path`` and print the number of cells and their sum."""
    table = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    cells = table[list(CELLS)].rename(columns=CELLS)
    cells = cells.apply(lambda column: column.str.strip())
    cells["unit"] = cells["unit"].where(cells["unit"] != "")
    if len(table[SHAPE].drop_duplicates()) != 1:
        raise SystemExit("more than one statistic or set of variables in the file")
    cells["_row"] = range(2, len(cells) + 2)
    cells["_column"] = list(table.columns).index("value") + 1
    text = cells["text"].where(cells["text"].str.fullmatch(r"-?\d+(,\d+)?"))
    cells["value"] = pd.to_numeric(text.str.replace(",", ".", regex=False))
    sys.stdout.write(json.dumps({"rows": len(cells), "sum": float(cells["value"].sum())}))


if __name__ == "__main__":
    main(sys.argv[1])
