#!/bin/sh
# Answers the questions of this folder from a release with DuckDB's command line:
#
#     sh answer.sh releases/2026.1 answers
#
# writes answers/<question>.csv. DUCKDB names another program than `duckdb`.
set -eu
[ $# -eq 2 ] || { echo "usage: sh $0 RELEASE FOLDER" >&2; exit 2; }
mkdir -p "$2"
for question in "$(dirname "$0")"/*.sql; do
    "${DUCKDB:-duckdb}" -readonly -bail -csv -nullvalue '' "$1/integrationsmonitor.duckdb" \
        < "$question" > "$2/$(basename "$question" .sql).csv"
done
