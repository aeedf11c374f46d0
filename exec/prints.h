/*
 * What containers print: a pipe for each, and a file of bounded size behind it, so that a container
 * that never stops talking neither fills the disk nor blocks. It must never know what a container
 * is, nor let anybody lead a file of its elsewhere.
 */
#ifndef BERTH_EXEC_PRINTS_H
#define BERTH_EXEC_PRINTS_H

#include "file/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Of one file; what comes after it is thrown away, and a last line says so. */
#define PRINTS_MAX_BYTES (1 << 20)

/* ---- the agent's side ---- */

struct prints;

/* What is handed on instead of being written, in order. The list and its bytes are the taker's. */
struct prints_out {
    struct prints_chunk {
        char name[160]; /* of the file */
        char *bytes;
        size_t n;
    } * list;
    int n_list, cap_list;
};

/* `folder` was made by prints_folder_make(). With `out`, borrowed, nothing is written but handed on
 * there, as much as a file would hold. Neither: everything is thrown away. */
bool prints_open(struct prints **prints, const char *folder, struct prints_out *out,
                 struct err *err);

/* Takes what is in the pipes. Files stay. */
void prints_close(struct prints *prints);

/* Readable when prints_pump() has something to do. */
int prints_fd(const struct prints *prints);

/* Carries what has come into the files. Never blocks. */
void prints_pump(struct prints *prints);

/* A descriptor to print to, the caller's to close; 0 where there is no folder, or none left. The
 * file `name`.log is made with the first byte, and goes on where it is there already. */
int prints_begin(struct prints *prints, const char *name);

/* ---- the controller's side ---- */

/* Appends to the file `name` of the folder what somebody else's containers printed. Nothing where
 * the name is none of a file, or the disk is full. */
void prints_append(const char *folder, const char *name, const char *bytes, size_t n);

/* The folder beside a run log, to be freed. */
char *prints_folder(const char *log_path);

/* Makes the folder, without what an earlier run left in it. */
bool prints_folder_make(const char *folder, struct err *err);

/* Gives it to the user who called sudo, with all that is in it; removes it where nothing is. True
 * where something is. */
bool prints_folder_finish(const char *folder);

#endif
