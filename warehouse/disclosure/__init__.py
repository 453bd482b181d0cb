"""Disclosure control: which cells of a release are hidden, so that no small count can be read or worked out.

Rules say what is too small (``rules``), the universe puts all cells of all tables with their equations into one problem
(``universe``), and a mode finds the pattern (``suppress``, ``optimal``) or other numbers (``rounding``). Whether the
result is safe is not decided here: ``warehouse.audit`` reads the finished products and shares no code with this package.
"""
