"""Write what the Federal Employment Agency (BA) would send about the sample city: small-area tables and workbooks by Kreis."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa


def write(folder: Path, year: int, employed: pa.Table, unemployed: pa.Table) -> list[Path]:
    """Write the four deliveries of one year into ``folder``; the same bytes for the same counts.

    Args:
        folder: exists.
        year: the reporting year; key date is its 31 December.
        employed: counts of employees subject to social insurance, aged 15 to under 65, by place of residence. Columns:
            ``area_code`` (Quartier of the profile, such as ``05124-60``, or the class not located, ``05124-zz``), ``origin``
            (german, foreign), ``sex`` (m, f, diverse) and ``count``. Rows may repeat a key (they are added) and may leave out
            what is empty.
        unemployed: the same for the unemployed of December.

    Returns:
        The files: ``ba_akg_beschaeftigte_<year>12.csv``, ``ba_akg_arbeitslose_<year>12.xlsx``,
        ``ba_beschaeftigte_wohnort_<year>.xlsx``, ``ba_arbeitslose_<year>.xlsx``.
    """
    raise NotImplementedError
