# Answers the questions of this folder from a release:
#
#     Rscript answer.R releases/2026.1 answers
#
# writes answers/<question>.csv. With the package duckdb it asks the DuckDB file. Without it, it reads the CSV files into
# RSQLite and asks there: the questions use only SQL that both understand, and true and false come back as 1 and 0.

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 2) stop("usage: Rscript answer.R RELEASE FOLDER")
release <- arguments[1]
target <- arguments[2]
self <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
questions <- sort(list.files(dirname(self), pattern = "[.]sql$", full.names = TRUE))
read_text <- function(path) paste(readLines(path, encoding = "UTF-8", warn = FALSE), collapse = "\n")

# A CSV file has no types: without columns.csv the area code 05124 would become a number.
read_table <- function(table, columns) {
  kinds <- c(varchar = "character", date = "character", boolean = "logical", double = "numeric", integer = "numeric",
             bigint = "numeric")
  mine <- columns[columns$table_name == table, ]
  read.csv(file.path(release, "csv", paste0(table, ".csv")), colClasses = setNames(kinds[mine$data_type], mine$column_name),
           na.strings = "", check.names = FALSE, encoding = "UTF-8")
}

open_release <- function(needed) {
  if (requireNamespace("duckdb", quietly = TRUE)) {
    file <- file.path(release, "integrationsmonitor.duckdb")
    return(DBI::dbConnect(duckdb::duckdb(), file, read_only = TRUE))
  }
  con <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  columns <- read.csv(file.path(release, "documentation", "columns.csv"), encoding = "UTF-8")
  for (table in unique(columns$table_name)) {
    if (grepl(paste0("\\b", table, "\\b"), needed)) DBI::dbWriteTable(con, table, read_table(table, columns))
  }
  con
}

as_field <- function(column) {
  text <- if (is.numeric(column)) vapply(column, format, "", digits = 15, scientific = FALSE) else as.character(column)
  text <- enc2utf8(text)
  special <- grepl("[\",\n]", text)
  text[special] <- paste0('"', gsub('"', '""', text[special], fixed = TRUE), '"')
  ifelse(is.na(column), "", text)
}

sql <- vapply(questions, read_text, "")
con <- open_release(paste(sql, collapse = "\n"))
dir.create(target, showWarnings = FALSE, recursive = TRUE)
for (question in questions) {
  result <- DBI::dbGetQuery(con, sql[[question]])
  lines <- c(paste(names(result), collapse = ","), do.call(paste, c(unname(lapply(result, as_field)), sep = ",")))
  output <- file(file.path(target, sub("[.]sql$", ".csv", basename(question))), "wb")
  writeLines(lines, output, useBytes = TRUE)
  close(output)
}
DBI::dbDisconnect(con)
