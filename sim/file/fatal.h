/*
 * What is said when the program itself goes wrong: an assertion, a division by zero, a reach for memory
 * that is not there, be it berth's fault or that of a strategy of somebody's own. It must never know what
 * the program was doing; whoever watches says that.
 */
#ifndef BERTH_FILE_FATAL_H
#define BERTH_FILE_FATAL_H

#include "core/cluster.h"

/* Ends the sentence "berth: this is a bug in berth: " on stderr: where it was, and how to see it again. */
typedef void fatal_teller(void);

/* From now on such an end is told of, with exit code 70. One watch at a time. */
void fatal_watch(fatal_teller *tell);
void fatal_unwatch(void);

/* Whose calls name the strategies that may be to blame; NULL: nobody's. Borrowed until the next call. */
void fatal_about(const struct cluster *cluster);

#endif
