/*
 * The kernel's settings below /proc/sys, of whichever namespaces the caller is in. It must never
 * know what they mean.
 */
#ifndef BERTH_EXEC_SETTING_H
#define BERTH_EXEC_SETTING_H

/* 0 or -1 with errno. */
int setting_write(const char *path, const char *text);

#endif
