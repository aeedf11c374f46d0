/*
 * One self-contained HTML page about runs: what they were, what came of them, pictures, the comparison, the scenario,
 * how to repeat it. Needs no network and no script. It must never know who made the runs.
 */
#ifndef BERTH_VIZ_PAGE_H
#define BERTH_VIZ_PAGE_H

#include "viz/plots.h"

/* Adds the whole page. Pictures are drawn by gnuplot: false, with `err`, where it fails. */
bool page_write(struct buffer *page, const struct plots_run *runs, int n_runs, struct err *err);

#endif
