/*
 * See vm_kit.h. The agent's libraries go to the places at which its dynamic linker finds them here,
 * so that no second way of building it is needed.
 */
#include "exec/vm_kit.h"

#include "exec/builtin.h"
#include "exec/cpio.h"
#include "exec/kvm.h"
#include "exec/vm_kernel.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- finding ---- */

void vm_kit_folder(char *folder, size_t size)
{
    const char *given = getenv("BERTH_GUEST_DIR");
    char program[PATH_MAX - 32];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash;

    if (given && given[0]) {
        snprintf(folder, size, "%s", given);
        return;
    }
    program[n > 0 ? n : 0] = '\0';
    slash = strrchr(program, '/');
    if (slash) {
        *slash = '\0';
    }
    /* build/exec/berth-exec -> build/guest */
    snprintf(folder, size, "%s/../guest", program);
    if (access(folder, F_OK) != 0 && strncmp(program, BERTH_LIBEXECDIR, sizeof program) == 0) {
        snprintf(folder, size, "%s/guest", BERTH_DATADIR);
    }
}

static bool find_qemu(char *path, size_t size)
{
    const char *folder = getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin";

    while (*folder) {
        int n = (int)strcspn(folder, ":");

        snprintf(path, size, "%.*s/qemu-system-x86_64", n, folder);
        if (n > 0 && access(path, X_OK) == 0) {
            return true;
        }
        folder += n + (folder[n] == ':');
    }
    return false;
}

static bool fits(int length, struct err *err)
{
    return length < PATH_MAX || err_set(err, EXIT_MACHINE, "too long a path to the guest's kernel");
}

bool vm_kit_find(struct vm_kit *kit, struct err *err)
{
    char real[PATH_MAX];

    *kit = (struct vm_kit){0};
    vm_kit_folder(kit->source, sizeof kit->source);
    if (realpath(kit->source, real)) {
        memcpy(kit->source, real, sizeof real);
    }
#if !defined __x86_64__
    return err_set(err, EXIT_MACHINE, "berth's virtual machines are for amd64 only");
#endif
    if (!find_qemu(kit->qemu, sizeof kit->qemu)) {
        return err_set(err, EXIT_MACHINE,
                       "qemu-system-x86_64 is missing; remedy: sudo apt-get install "
                       "--no-install-recommends qemu-system-x86");
    }
    if (!fits(snprintf(kit->vmlinuz, PATH_MAX, "%s/vmlinuz", kit->source), err)) {
        return false;
    }
    return access(kit->vmlinuz, R_OK) == 0 ||
           err_set(err, EXIT_MACHINE,
                   "no kernel for guests in %s; remedy: ./start kernel (downloads 34 MB once, "
                   "installs nothing)",
                   kit->source);
}

/* ---- the first files ---- */

static bool add(struct cpio *cpio, const char *path, struct err *err)
{
    return cpio_add_file(cpio, path + 1, path, err);
}

/* The dynamic linker that a program asks for; "" where it is static. */
static bool find_linker(const char *program, char *linker, size_t size, struct err *err)
{
    unsigned char head[4096] = {0};
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)(const void *)head;
    FILE *file = fopen(program, "re");
    size_t n = file ? fread(head, 1, sizeof head - 1, file) : 0;

    if (file) {
        fclose(file);
    }
    linker[0] = '\0';
    if (n < sizeof *elf || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0) {
        return err_set(err, EXIT_MACHINE, "%s is no program", program);
    }
    for (int i = 0; i < elf->e_phnum; i++) {
        size_t at = elf->e_phoff + (size_t)i * sizeof(Elf64_Phdr);
        const Elf64_Phdr *part = (const Elf64_Phdr *)(const void *)(head + at);

        if (at + sizeof *part <= n && part->p_type == PT_INTERP && part->p_offset < n) {
            snprintf(linker, size, "%s", (const char *)head + part->p_offset);
        }
    }
    return true;
}

/* Starts `linker --list program`; returns a stream of lines. */
static FILE *list_libraries(const char *linker, const char *program, pid_t *pid)
{
    char *argv[] = {(char *)(uintptr_t)linker, "--list", (char *)(uintptr_t)program, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return NULL;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    status = posix_spawn(pid, linker, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (status != 0) {
        close(ends[0]);
        errno = status;
        return NULL;
    }
    return fdopen(ends[0], "r");
}

/* A line is "name => /path (address)", or begins with the path itself. */
static bool add_library(struct cpio *cpio, char *line, struct err *err)
{
    char *path = strchr(line, '/'), *arrow = strstr(line, "=> ");

    path = arrow ? arrow + 3 : path;
    if (!path || path[0] != '/') {
        return !arrow || err_set(err, EXIT_MACHINE, "the agent lacks a library: %s", line);
    }
    path[strcspn(path, " \n")] = '\0';
    return add(cpio, path, err);
}

static bool add_libraries(struct cpio *cpio, const char *program, struct err *err)
{
    char linker[PATH_MAX], line[PATH_MAX + 256];
    FILE *list;
    pid_t pid;
    bool ok = true;

    if (!find_linker(program, linker, sizeof linker, err) || !linker[0]) {
        return linker[0] == '\0';
    }
    list = list_libraries(linker, program, &pid);
    if (!list) {
        return err_errno(err, errno, "cannot ask %s for libraries", linker);
    }
    while (ok && fgets(line, sizeof line, list)) {
        ok = add_library(cpio, line, err);
    }
    fclose(list);
    waitpid(pid, NULL, 0);
    return ok;
}

/* What is missing may be built in; the guest says so if it is not. */
static bool add_modules(struct cpio *cpio, const char *source, struct err *err)
{
    static const char *const modules[] = {VM_KIT_MODULE_NAMES};
    char path[PATH_MAX + 64], name[64];

    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        snprintf(path, sizeof path, "%s/modules/%s.ko", source, modules[i]);
        snprintf(name, sizeof name, "%s/%s.ko", &VM_KIT_MODULES[1], modules[i]);
        if (access(path, R_OK) == 0 && !cpio_add_file(cpio, name, path, err)) {
            return false;
        }
    }
    return true;
}

static bool make_initramfs(const struct vm_kit *kit, const struct programs *programs,
                           struct err *err)
{
    static const char *const folders[] = {"dev", "proc", "run", "sys", "tmp", "root"};
    struct cpio cpio;
    bool ok = true;

    if (!cpio_open(&cpio, kit->initramfs, err)) {
        return false;
    }
    for (size_t i = 0; ok && i < sizeof folders / sizeof *folders; i++) {
        ok = cpio_add_folder(&cpio, folders[i], err);
    }
    ok = ok && cpio_add_file(&cpio, "init", programs->agent, err) &&
         cpio_add_file(&cpio, &VM_KIT_WORK[1], programs->work, err) &&
         add(&cpio, BUILTIN_BUSYBOX, err) && add_libraries(&cpio, programs->agent, err) &&
         add_modules(&cpio, kit->source, err);
    return cpio_close(&cpio, ok ? err : &(struct err){0}) && ok;
}

bool vm_kit_make(struct vm_kit *kit, const char *folder, const struct programs *programs,
                 struct err *err)
{
    char own[PATH_MAX + 16];
    struct stat packed, unpacked;

    if (!vm_kit_find(kit, err) ||
        !fits(snprintf(kit->initramfs, PATH_MAX, "%s/initramfs", folder), err)) {
        return false;
    }
    kit->kvm = kvm_answers(kit->why, sizeof kit->why);
    /* Once per kernel beside it, where that folder is ours; else once per run. */
    snprintf(own, sizeof own, "%s/vmlinux", kit->source);
    if (!fits(snprintf(kit->vmlinux, PATH_MAX, "%s", own), err)) {
        return false;
    }
    if (stat(kit->vmlinuz, &packed) != 0 || stat(own, &unpacked) != 0 ||
        unpacked.st_mtime < packed.st_mtime) {
        if (access(kit->source, W_OK) != 0) {
            snprintf(kit->vmlinux, PATH_MAX, "%.*s/vmlinux", PATH_MAX - 16, folder);
        }
        if (!vm_kernel_unpack(kit->vmlinuz, kit->vmlinux, err)) {
            return false;
        }
    }
    return make_initramfs(kit, programs, err);
}
