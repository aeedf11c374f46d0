/*
 * See fatal.h. There is no way on from there, so the handler says what there is to say, and goes.
 */
#include "file/fatal.h"

#include "file/err.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* The address sanitizer tells more of a SIGSEGV than this would. */
#ifdef __SANITIZE_ADDRESS__
static const int signals[] = {SIGABRT, SIGFPE};
#else
static const int signals[] = {SIGABRT, SIGFPE, SIGSEGV};
#endif
#define N_SIGNALS (sizeof signals / sizeof *signals)

static struct {
    fatal_teller *tell;
    const struct cluster *cluster;
    struct sigaction before[N_SIGNALS];
} watch;

/* The name of a strategy of somebody's own that the run has used, or NULL. */
static const char *own_strategy(const struct cluster *cluster)
{
    for (int i = 0; cluster && i < cluster->n_requests; i++)
        for (int r = 0; r < cluster->requests[i].n_strategy; r++)
            if (cluster->requests[i].strategy[r].type == STRATEGY_OWN)
                return cluster->requests[i].strategy[r].name;
    return NULL;
}

static void on_fatal(int signal)
{
    const char *own = own_strategy(watch.cluster);

    if (signal != SIGABRT)
        fprintf(stderr, "berth: %s\n",
                signal == SIGFPE ? "divided by zero" : "reached for memory that is not there");
    fprintf(stderr, "berth: this is a bug in berth%s%s%s: ", own ? ", or in the strategy " : "",
            own ? own : "", own ? " in sim/core/strategies.c" : "");
    watch.tell();
    _exit(EXIT_BUG);
}

void fatal_watch(fatal_teller *tell)
{
    struct sigaction action = {.sa_handler = on_fatal};

    watch.tell = tell;
    watch.cluster = NULL;
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i], &action, &watch.before[i]);
}

void fatal_unwatch(void)
{
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i], &watch.before[i], NULL);
    watch.cluster = NULL;
}

void fatal_about(const struct cluster *cluster)
{
    watch.cluster = cluster;
}
