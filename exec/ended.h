/*
 * A command that makes runs and is ended by a signal leaves nothing, at whatever moment that comes: a
 * run that goes on ends in order by itself, and everything before and after it is cleaned up here. It
 * must never remove what lives.
 */
#ifndef BERTH_EXEC_ENDED_H
#define BERTH_EXEC_ENDED_H

/* From now on SIGINT, SIGTERM and SIGHUP make this process end its children, remove its run like any
 * dead one's, and only then end by that signal. What is ignored stays so: nohup is to go on. */
void ended_watch(void);

/* What this process becomes then: "ended SIGNAL". */
int ended_main(int argc, char **argv);

#endif
