/*
 * Where this program's own things are: in a build folder or installed, always found from the program
 * that runs.
 */
#ifndef BERTH_HERE_H
#define BERTH_HERE_H

/* The folder of berth's own images, or NULL where there is none. The text is the program's. */
const char *here_images(void);

#endif
