/*
 * The commands that compare and draw runs: one file each. They print results on stdout and talk on stderr and
 * return a code of file/err.h.
 */
#ifndef BERTH_VIZ_COMMAND_H
#define BERTH_VIZ_COMMAND_H

int cmd_compare(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_report(int argc, char **argv);

#endif
