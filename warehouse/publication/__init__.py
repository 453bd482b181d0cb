"""Releases: made from a candidate, pointed to, compared, rebuilt; and the log of what people decided."""

from warehouse.publication.diff import Diff, diff
from warehouse.publication.pointer import Release, current, get, publish_due, releases, rollback, verify
from warehouse.publication.rebuild import Rebuilt, rebuild
from warehouse.publication.release import release

__all__ = [
    "Diff",
    "Rebuilt",
    "Release",
    "current",
    "diff",
    "get",
    "publish_due",
    "rebuild",
    "release",
    "releases",
    "rollback",
    "verify",
]
