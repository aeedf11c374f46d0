/*
 * The commands that are part of `berth` itself: one file each. A command gets its own name in
 * argv[0], prints results on stdout and talk on stderr, and returns a code of file/err.h.
 */
#ifndef BERTH_COMMAND_H
#define BERTH_COMMAND_H

int cmd_new(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_tournament(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_logs(int argc, char **argv);

#endif
