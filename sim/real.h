/*
 * Runs for commands that compare and judge, real ones and simulations that must not be trusted to end:
 * `berth exec` or `berth sim` as a child of this program, its log read back. The runs go to a folder of
 * their own, which is removed with all that is in it (scratch.h). Knows neither what the runs are for nor how they
 * are made.
 */
#ifndef BERTH_REAL_H
#define BERTH_REAL_H

#include "file/err.h"
#include "file/scratch.h"
#include "file/story.h"

struct real {
    struct scratch scratch;
    int n_runs;     /* made so far */
    bool timed_out; /* the last child was ended because it took too long */
};

/* Makes the folder. Close where it succeeds. One at a time: until then SIGINT, SIGTERM and SIGHUP end the
 * child that runs, remove the folder and then end this program. */
bool real_open(struct real *real, struct err *err);
void real_close(struct real *real);

/* What a child may be told besides its command, and how long it may take. */
struct real_wish {
    bool simulated;           /* `berth sim`, else `berth exec` */
    int64_t seed;             /* -1: the scenario's */
    const char *const *words; /* more words of the command line, NULL-ended, or NULL */
    int64_t patience_usec;    /* then it is told to end, and fails with EXIT_MACHINE */
};

/* Runs the scenario and reads the story, which is to be finished. True also where expectations of the
 * scenario failed. False where the run did not come about (EXIT_MACHINE where this machine cannot), took
 * too long, or was ended by a signal of its own; `err` then says what the child said. */
bool real_run(struct real *real, const char *scenario, const struct real_wish *wish,
              struct story *story, struct err *err);

/* Whether nothing can be seen to be missing to run the scenario for real: `berth exec --dry-run`. Where it is false
 * `err` says what. */
bool real_can_run(struct real *real, const char *scenario, const char *const *words,
                  struct err *err);

/* `berth WORDS...` as a child, NULL-ended; what it prints goes to the file `output`, or to our stdout
 * where that is NULL, and what it says to our stderr where `says`. Returns its exit code. */
int real_command(struct real *real, const char *const *words, const char *output, bool says,
                 int64_t patience_usec, struct err *err);

#endif
