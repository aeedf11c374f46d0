/*
 * A run as tables for spreadsheets: comma-separated, one line of names first (RFC 4180). Reads a story
 * and knows nothing of who made it.
 */
#ifndef BERTH_FILE_EXPORT_CSV_H
#define BERTH_FILE_EXPORT_CSV_H

#include "file/story.h"

#include <stdio.h>

enum export_table { EXPORT_TASKS, EXPORT_CONTAINERS, EXPORT_INSTANCES, EXPORT_MICRO_VMS };

/* "tasks", "containers", "instances", "micro_vms"; ended by NULL. */
extern const char *const export_table_names[];

/* Writes one table: a line for each task, container or instance, in the order of their numbers. Moments
 * are seconds since the start of the run with six decimals; what has not happened is empty. Write
 * errors stay in `out`. */
void export_csv(FILE *out, const struct story *story, enum export_table table);

/* The table's columns, a line each: the name and what it holds. */
void export_csv_describe(FILE *out, enum export_table table);

#endif
