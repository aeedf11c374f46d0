/*
 * The options of a command as a table: parsing, help and "did you mean" are written once. Shared by
 * all of berth's programs; knows no command.
 */
#ifndef BERTH_FILE_OPTIONS_H
#define BERTH_FILE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct option_texts {
    const char **texts; /* as given, in order; free(texts) */
    int n_texts, cap_texts;
};

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char * */
    OPTION_NUMBER, /* int64_t, at least `least` */
    OPTION_COUNT,  /* likewise, and of 32 bits */
    OPTION_CHOICE, /* int, an index in `choices` */
    OPTION_TEXTS,  /* struct option_texts: may be given several times */
};

struct option_row {
    const char *name; /* without its dashes */
    char letter;      /* short form, or 0 */
    enum option_kind kind;
    void *value;          /* where it goes; what stands there is the default */
    const char *argument; /* its name in the help, NULL for flags */
    const char *help;     /* one line */
    int64_t least;
    const char *const *choices; /* NULL-terminated */
};

struct options {
    const char *command;  /* "sim" */
    const char *usage;    /* what stands behind "berth sim" */
    const char *about;    /* one paragraph */
    const char *examples; /* whole lines, indented by two */
    const struct option_row *rows;
    int n_rows;
    int operands_min, operands_max; /* operands_max -1: any number */
};

/* Parses argv[1..]: `--name value`, `--name=value`, `-n value`, `-nvalue`, and `--` before operands
 * that begin with a dash. The operands come to stand at argv[0..] and are counted in `n_operands`.
 * Returns false where the command is done: help was printed (`*exit_code` 0) or the usage is wrong
 * (2, said on stderr with the nearest valid name). */
bool options_parse(const struct options *options, int argc, char **argv, int *n_operands,
                   int *exit_code);

#endif
