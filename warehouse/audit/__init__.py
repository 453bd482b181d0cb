"""The disclosure audit: what an outsider can work out from the finished products of a release.

It reads the products as anybody can (DuckDB, Parquet, CSV, workbook, pages), rebuilds the equations between cells from
the published codes, adds what earlier releases said, and computes the feasibility interval of every hidden cell. It
shares no code with ``warehouse.disclosure``: an error there must not be repeated here.
"""
