/*
 * The commands of berth-exec: one file each. As those of `berth`, a command gets its own name in
 * argv[0], prints results on stdout and talk on stderr, and returns a code of file/err.h.
 */
#ifndef BERTH_EXEC_COMMAND_H
#define BERTH_EXEC_COMMAND_H

int cmd_calibrate(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_clean(int argc, char **argv);
int cmd_enter(int argc, char **argv);

#endif
