/*
 * What an image has where a new volume is mounted is copied into the volume, as Docker does. It must
 * never follow a link, nor ask for memory: it runs between clone and exec.
 */
#ifndef BERTH_EXEC_POPULATE_H
#define BERTH_EXEC_POPULATE_H

/*
 * Copies what is in the folder `from` into the folder `to` when that is empty, with owners,
 * permissions and times of both contents and folder; devices and sockets stay behind. 0, or -1 with
 * errno.
 */
int populate(int from, int to);

#endif
