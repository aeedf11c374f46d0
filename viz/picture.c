/*
 * libpng's simplified interface. It must never know what the picture shows or who drew it.
 */
#include "viz/picture.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool picture_is(const char *path, const char *ending)
{
    size_t length = strlen(path), own = strlen(ending);
    return length > own && strcasecmp(path + length - own, ending) == 0;
}

bool picture_save(const char *path, const uint32_t *pixels, int width, int height, struct err *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    size_t n = (size_t)width * (size_t)height;
    png_bytep bytes = malloc(n * 3 + 1);
    if (!bytes)
        return err_errno(err, errno, "%s", path);
    for (size_t i = 0; i < n; i++) {
        bytes[3 * i] = (png_byte)(pixels[i] >> 16);
        bytes[3 * i + 1] = (png_byte)(pixels[i] >> 8);
        bytes[3 * i + 2] = (png_byte)pixels[i];
    }
    errno = 0;
    bool ok = png_image_write_to_file(&image, path, 0, bytes, 0, NULL) != 0;
    int errnum = errno;
    free(bytes);
    if (ok)
        return true;
    if (errnum != ENOENT && errnum != EISDIR && errnum != EACCES)
        unlink(path);
    return errnum != 0 ? err_file(err, errnum, "%s: cannot write the picture", path)
                       : err_set(err, EXIT_MACHINE, "%s: cannot write the picture: %s", path,
                                 image.message);
}
