/*
 * Asked of the file system, so that links and other spellings count.
 */
#include "file/same_file.h"

#include <stddef.h>
#include <sys/stat.h>

bool same_file_refuse(const char *output, char *const *inputs, int n_inputs, struct err *err)
{
    struct stat to, from;

    if (!output || stat(output, &to) != 0)
        return true;
    for (int i = 0; i < n_inputs; i++)
        if (stat(inputs[i], &from) == 0 && to.st_dev == from.st_dev && to.st_ino == from.st_ino)
            return err_set(err, EXIT_INPUT,
                           "%s is what is read: choose another name for what is written", output);
    return true;
}
