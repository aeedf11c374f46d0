/*
 * One layer of an image: a tar archive, perhaps compressed, unpacked into a folder as overlayfs
 * wants it. The archive is hostile until proven otherwise: nothing is ever written outside the
 * folder. It must never know what an image is.
 */
#ifndef BERTH_EXEC_LAYER_H
#define BERTH_EXEC_LAYER_H

#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Unpacks `archive` (tar; plain, or compressed by gzip, zstd, bzip2 or xz) into the existing empty
 * folder `folder` and adds the bytes written to `bytes`. `diff_id`: the sha256 of the archive when
 * it is no longer compressed, in hexadecimal, which it must have (OCI image specification,
 * config.md); NULL: any. Whiteouts (layer.md) become overlayfs's. Refused with EXIT_INPUT: absolute
 * names, "..", names that lead through a symbolic link, hard links out of the layer, devices, and
 * bombs: what grows to over 64 MiB and 200 times its size, or has over a million entries. What was
 * unpacked until then stays in the folder.
 */
bool layer_unpack(const char *archive, const char *folder, const char *diff_id, int64_t *bytes,
                  struct err *err);

#endif
