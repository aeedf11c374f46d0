/*
 * A lab's check.json: what is run again, what a student has to have answered, and what each is worth.
 * Every error names file:line:column and the JSON path. Nothing here runs anything, or knows who reads
 * the outcome.
 */
#ifndef BERTH_FILE_LAB_H
#define BERTH_FILE_LAB_H

#include "file/scenario.h"
#include "file/totals.h"

/* A run of one scenario, simulated or for real. Each is made once, however many checks ask. */
struct lab_run {
    bool real;
    bool of_student; /* the scenario is the student's, not the lab's */
    char *scenario;  /* a file's name in that folder */
    char *machines;  /* "slices" or "vms", or NULL: the scenario's */
    char *boot;      /* how virtual machines come up, as `--boot`, or NULL */
    char **sets;     /* PATH=VALUE each, NULL-ended, or NULL */
};

/* What a run took: the median of a total over its items. */
struct lab_measure {
    int32_t run; /* index in runs */
    enum total total;
    char *name; /* where one of several is chosen */
};

enum lab_kind {
    LAB_RUN,      /* the run comes about, and what its scenario expects holds */
    LAB_ANSWERED, /* these answers are there, whatever they say */
    LAB_VALUE,    /* an answer is the measure, but for a factor */
    LAB_RATIO,    /* likewise the first measure divided by the second */
    LAB_LARGEST,  /* an answer is the name of the largest measure */
};

enum { LAB_MEASURES_MAX = 8 };

struct lab_check {
    char *name;
    char *about; /* for people, or NULL */
    char *help;  /* what to do where it fails, or NULL */
    enum lab_kind kind;
    int32_t points;
    int32_t run; /* LAB_RUN */
    int32_t n_answers;
    char **answers; /* their names */
    int32_t n_measures;
    struct lab_measure measures[LAB_MEASURES_MAX];
    double factor; /* at least 1 */
    int32_t n_needs;
    int32_t *needs; /* checks before this one that have to pass */
};

struct lab {
    char *folder; /* of the check.json, with its slash, or "" */
    char *title;
    char *answers; /* name of the file in the student's folder */
    struct lab_run *runs;
    int32_t n_runs, cap_runs;
    struct lab_check *checks;
    int32_t n_checks, cap_checks;
};

extern const struct grammar lab_grammar;

/* Reads FOLDER/check.json. NULL where it is wrong: `findings` then holds at least one error. */
struct lab *lab_load(const char *folder, struct findings *findings);
void lab_destroy(struct lab *lab);

enum { ANSWER_TEXT_MAX = 200 };

/* What the student says. */
struct lab_answer {
    bool given;
    char text[ANSWER_TEXT_MAX]; /* as it stands there, a number too */
};

/* Whether what a student handed in is a file itself, or nothing. A link could lead to the teacher's answers, or
 * anywhere else that only who judges may read; a pipe would never end. */
bool lab_is_own_file(const char *path, struct err *err);

/* The answer of that name in the file, which holds one JSON object; not given where the member is
 * absent, empty or no text, number or truth. False where the file cannot be read, with the place. */
bool lab_read_answer(const char *path, const char *name, struct lab_answer *answer,
                     struct err *err);

#endif
