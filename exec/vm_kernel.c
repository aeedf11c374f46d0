/*
 * A bzImage has a head with the place of what it packs (Documentation/arch/x86/boot.rst of the
 * kernel: setup_sects, payload_offset, payload_length); that ends with its unpacked size.
 */
#include "exec/vm_kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETUP_SECTS = 0x1f1, MAGIC = 0x202, PAYLOAD_OFFSET = 0x248, PAYLOAD_LENGTH = 0x24c };

struct packed {
    const unsigned char *bytes; /* the whole file, mapped */
    size_t size;
    const unsigned char *payload;
    size_t length; /* without the size behind it */
    uint32_t unpacked;
};

static uint32_t number_at(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool find_payload(struct packed *packed, const char *path, struct err *err)
{
    const unsigned char *head = packed->bytes;
    size_t offset, length;

    if (packed->size < 4096 || memcmp(head + MAGIC, "HdrS", 4) != 0) {
        return err_set(err, EXIT_MACHINE, "%s is no kernel that firmware boots", path);
    }
    offset = ((size_t)(head[SETUP_SECTS] ? head[SETUP_SECTS] : 4) + 1) * 512 +
             number_at(head + PAYLOAD_OFFSET);
    length = number_at(head + PAYLOAD_LENGTH);
    if (length < 4 || offset > packed->size || length > packed->size - offset) {
        return err_set(err, EXIT_MACHINE, "%s is damaged: its kernel lies outside", path);
    }
    packed->payload = head + offset;
    packed->length = length - 4;
    packed->unpacked = number_at(packed->payload + packed->length);
    return true;
}

static bool map(struct packed *packed, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat is;
    void *bytes = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &is) == 0 && is.st_size > 0) {
        bytes = mmap(NULL, (size_t)is.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (bytes == MAP_FAILED) {
        err_errno(err, errno, "cannot read %s", path);
    } else {
        *packed = (struct packed){.bytes = bytes, .size = (size_t)is.st_size};
    }
    if (fd >= 0) {
        close(fd);
    }
    return bytes != MAP_FAILED;
}

static struct archive *begin(const struct packed *packed)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;

    archive_read_support_format_raw(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    if (archive_read_open_memory(archive, packed->payload, packed->length) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK) {
        archive_read_free(archive);
        return NULL;
    }
    return archive;
}

/* Returns how many bytes it wrote; what comes behind the kernel is not asked for. */
static uint64_t unpack(struct archive *archive, int fd, uint32_t size)
{
    char bytes[65536];
    uint64_t done = 0;

    while (done < size) {
        la_ssize_t n = archive_read_data(archive, bytes, sizeof bytes);

        if (n <= 0 || write(fd, bytes, (size_t)n) != n) {
            break;
        }
        if (done == 0 && (n < 4 || memcmp(bytes, "\177ELF", 4) != 0)) {
            break;
        }
        done += (uint64_t)n;
    }
    return done;
}

bool vm_kernel_unpack(const char *vmlinuz, const char *vmlinux, struct err *err)
{
    struct packed packed;
    struct archive *archive = NULL;
    char own[PATH_MAX + 16]; /* others may be unpacking it too */
    int fd = -1;
    bool ok = false;

    snprintf(own, sizeof own, "%s.%d", vmlinux, (int)getpid());

    if (!map(&packed, vmlinuz, err)) {
        return false;
    }
    if (!find_payload(&packed, vmlinuz, err)) {
        goto unmap;
    }
    archive = begin(&packed);
    fd = open(own, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        err_errno(err, errno, "cannot make %s", vmlinux);
        goto unmap;
    }
    ok = archive && unpack(archive, fd, packed.unpacked) == packed.unpacked;
    close(fd);
    ok = ok && rename(own, vmlinux) == 0;
    if (!ok) {
        unlink(own);
        err_set(err, EXIT_MACHINE, "the kernel in %s cannot be unpacked to %s", vmlinuz, vmlinux);
    }
unmap:
    if (archive) {
        archive_read_free(archive);
    }
    munmap((void *)(uintptr_t)packed.bytes, packed.size);
    return ok;
}
