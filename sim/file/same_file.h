/*
 * Whether two names mean one file: a command must not write over what it reads.
 */
#ifndef BERTH_FILE_SAME_FILE_H
#define BERTH_FILE_SAME_FILE_H

#include "file/err.h"

/* False (EXIT_INPUT) where `output`, which may be NULL or not exist yet, is one of the inputs. */
bool same_file_refuse(const char *output, char *const *inputs, int n_inputs, struct err *err);

#endif
