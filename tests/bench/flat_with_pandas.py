"""The other side of the comparison: pandas.read_csv and the same clean-up, as one would write it for this table.

The same columns come out: stripped text, row and column of each value, area, time, unit, the axes with code and label,
and the number, the status and the date that the texts stand for.
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
STATUS = {"-": "L", "...": "L", ".": "Q", "/": "O", "x": "M"}


def main(path: str) -> None:
    """Read ``path`` and print what the cells add up to."""
    table = pd.read_csv(path, sep=";", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    table = table.apply(lambda column: column.str.strip())
    if len(table[SHAPE].drop_duplicates()) != 1:
        raise SystemExit("more than one statistic or set of variables in the file")
    cells = table[list(CELLS)].rename(columns=CELLS)
    cells["_row"] = range(2, len(cells) + 2)
    cells["_column"] = table.columns.get_loc("value") + 1
    cells["quality"] = None
    cells["unit"] = cells["unit"].where(cells["unit"] != "")
    if not cells["area_code"].str.fullmatch(r"DG|\d{2}|\d{3}|\d{5}|\d{8}").all():
        raise SystemExit("cells without a known area code")
    cells["axis_1_code"] = cells["axis_1_code"].replace("", "total")
    is_number = cells["text"].str.fullmatch(r"-?\d+(,\d+)?")
    cells["value"] = pd.to_numeric(cells["text"].where(is_number).str.replace(",", ".", regex=False))
    cells["status"] = cells["text"].map(STATUS).where(~is_number, "A")
    cells["period"] = pd.to_datetime(cells["time"], format="%Y-%m-%d")
    answer = {
        "rows": len(cells),
        "sum": float(cells["value"].sum()),
        "not_delivered": int((cells["status"] == "L").sum()),
        "totals": int((cells["axis_1_code"] == "total").sum()),
        "period": str(cells["period"].min().date()),
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
