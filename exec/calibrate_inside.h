/*
 * The parts of a calibration, for calibrate.c alone: each adds to the series of what it measures.
 */
#ifndef BERTH_EXEC_CALIBRATE_INSIDE_H
#define BERTH_EXEC_CALIBRATE_INSIDE_H

#include "exec/calibrate.h"
#include "exec/rehearse.h"

struct run_header;
struct scenario;
struct story;

/* calibrate_run.c: a scenario's text, which is right; destroy it. */
struct scenario *calibrate_scenario(const char *text);
/* Runs it; `path` is where its log goes. */
bool calibrate_run(struct calibration *calibration, const struct scenario *scenario,
                   const char *path, struct err *err);

/* Runs a scenario's text and says what happened: finish story and header. */
bool calibrate_tell(struct calibration *calibration, const char *text, struct story *story,
                    struct run_header *header, struct err *err);

/* calibrate.c: whether it has to be done in 30 s, virtual machines and all. */
bool calibrate_hurries(const struct calibration *calibration);

/* calibrate.c: whether there is time for one more look at what was looked at already: where it has to be done in 30 s
 * only until so long. */
bool calibrate_has_time(const struct calibration *calibration, int64_t until_usec);

/* The runs of a quick calibration's virtual machines are cut off after so long, though not the making of a snapshot: what
 * is left to do then takes less than 2 s. */
#define CALIBRATE_CUT_USEC INT64_C(28000000)

/* calibrate.c: whether a quick calibration has no time left to begin something after so long; then it is
 * left out, under that name, which is static. */
bool calibrate_is_late(struct calibration *calibration, int64_t after_usec, const char *what);

/* calibrate.c: likewise to boot some, so often one after the other: before a restore comes its snapshot. For each there
 * has to be as long as the longest took until now. */
bool calibrate_is_late_to_boot(struct calibration *calibration, int64_t after_usec, int n_boots,
                               const char *what);

/* calibrate_kernel.c */
void calibrate_namespaces(struct calibration *calibration);
void calibrate_session(struct calibration *calibration);
bool calibrate_groups(struct calibration *calibration, struct err *err);

/* calibrate_container.c: what an agent's hands do for one container after the other and for many at once, and what it is
 * told and tells in whole runs. */
bool calibrate_containers(struct calibration *calibration, struct err *err);

/* calibrate_alone.c: one after the other, with rests between them, several times a calibration. The end adds what they
 * have taken, if `whole`, and frees them. */
struct alone;
struct alone *calibrate_alone_begin(void);
bool calibrate_alone(struct calibration *calibration, struct alone *alone, struct err *err);
void calibrate_alone_end(struct calibration *calibration, struct alone *alone, bool whole);

/* calibrate_alone.c: one by one, their groups made before. */
bool calibrate_prepared(struct calibration *calibration, struct err *err);

/* calibrate_alone.c: when a crowd's steps are known, how soon what is not done becomes cold. */
void calibrate_cold_after(struct calibration *calibration);

/* calibrate_container.c: the number of a round's first agent. */
int calibrate_next_round(struct calibration *calibration, const struct rehearse_round *round);

/* calibrate_container.c: one round of rehearse.h, in the calibration's own folder and groups. */
bool calibrate_rehearse(struct calibration *calibration, const struct rehearse_round *round,
                        struct rehearse_times *times, struct err *err);

/* What the kernel and the processors forget in so long is cold; and in which nothing has happened for a while. */
#define CALIBRATE_REST_USEC 50000
#define CALIBRATE_IDLE_USEC 200000

/* What the kernel puts off is done by then: a crowd's groups in 140 ms, its networks in 180 (measured). */
#define CALIBRATE_QUIET_USEC 250000

/* calibrate_behind.c: what the kernel's own threads use anyway, where nothing comes or goes; after what they have put
 * off until now. Then what they have used in so long, without that. */
void calibrate_behind_nothing(struct calibration *calibration);
int64_t calibrate_behind_usec(const struct calibration *calibration, int64_t used_usec,
                              int64_t in_usec);

/* calibrate_behind.c: what they have used for a crowd that has just gone, and use until all of it is done. `network`:
 * its containers had one each. */
void calibrate_behind_crowd(struct calibration *calibration, const struct rehearse_times *times,
                            bool network);

/* calibrate_behind.c: what they use in a run in which a container comes and goes every so often. Begins before the run,
 * watches as long as it takes, and adds what they did for each, nothing where they cannot be seen. */
struct calibrate_watch;
struct calibrate_watch *calibrate_behind_watch(int64_t every_usec);
void calibrate_behind_watched(struct calibration *calibration, struct calibrate_watch *watch);

/* calibrate_crowd.c: what they do for many at once, several times a calibration; what they have taken is told at the
 * end, which frees them, and of which nothing is told where not `whole`. */
struct crowd;
struct crowd *calibrate_crowds_begin(struct calibration *calibration);
bool calibrate_crowds(struct calibration *calibration, struct crowd *crowds, struct err *err);
void calibrate_crowds_end(struct calibration *calibration, struct crowd *crowds, bool whole);

/* calibrate_crowd.c: a crowd has so many agents, as many as there are processors up to four, and each so many
 * containers. */
int calibrate_crowd_agents(void);
int calibrate_crowd_size(int agents);

/* calibrate_container.c: memory of nothing but zeros, to be given back with its size. An agent that is rehearsed is this
 * process's child, and a fork of it takes longer for all that is its own, of which a real agent has little: who keeps
 * much keeps it here. */
void *calibrate_keep(size_t size);
void calibrate_let_go(void *kept, size_t size);

/* calibrate_beside.c: when the costs of containers alone are known, what waits for its turn where processors work
 * already, and what the kernel does for jobs one by one. */
bool calibrate_beside(struct calibration *calibration, struct err *err);

/* calibrate_background.c: what other programs have while all processors are wanted; several times a calibration. */
void calibrate_background(struct calibration *calibration);

/* calibrate_background.c: how many times as long something takes with others as alone, as a profile may say it. With
 * `all`, who were so many that they wanted all processors: what other programs have of these is counted apart. */
double calibrate_slower(const struct calibration *calibration, int64_t together_usec,
                        int64_t alone_usec, bool all);

/* calibrate_memory.c: touches memory, several times a calibration; then, when the costs of containers are
 * known, makes of it what a MiB costs, and measures what giving it back does. */
bool calibrate_touch(struct calibration *calibration, struct err *err);
bool calibrate_memory(struct calibration *calibration, struct err *err);

/* calibrate_share.c: how containers of the least weight share processors, several times a calibration. */
bool calibrate_share(struct calibration *calibration, struct err *err);

/* calibrate_rest.c: watches memory rest, beside everything else, for some 16 s; `whole`: until it has; else it
 * is ended. */
struct calibrate_cooling;
struct calibrate_cooling *calibrate_cooling_begin(void);
void calibrate_cooling_end(struct calibration *calibration, struct calibrate_cooling *cooling,
                           bool whole);

/* calibrate_rest.c: what a rest makes of starts, ends and images. */
bool calibrate_rests(struct calibration *calibration, struct err *err);

/* calibrate_image.c */
bool calibrate_images(struct calibration *calibration, struct err *err);

/* calibrate_agent.c: whole runs in which next to nothing happens, several times a calibration; then one for what its agent
 * holds. */
bool calibrate_agents(struct calibration *calibration, struct err *err);
bool calibrate_agent_memory(struct calibration *calibration, struct err *err);

/* calibrate_guest.c: a scenario, to be freed, in which one guest comes up that way and starts containers;
 * what its run tells. */
char *calibrate_guest_world(const char *path, bool quick);
void calibrate_guest_take(struct series *inside, const struct story *story);

/* calibrate_vm.c: where there can be virtual machines. Says why where there cannot. */
void calibrate_machines(struct calibration *calibration);

/* calibrate_vm_crowd.c: then, as many of them at once as there are processors. */
void calibrate_machines_together(struct calibration *calibration);

#endif
