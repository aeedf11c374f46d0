/*
 * The command line of qemu, and the child that becomes it. Everything it needs comes as descriptors
 * or files in folders of our own; it has no display, no network but ours and no default devices.
 */
#include "exec/vm.h"

#include "exec/loop.h"
#include "exec/namespace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const vm_start_names[VM_STARTS + 1] = {
    [VM_BOOT] = "scratch", [VM_UNCOMPRESSED] = "uncompressed", [VM_RESTORE] = "restore", NULL};

/* The descriptors that qemu finds. */
enum { LINE_FD = 3, TAP_FD, QMP_FD, STATE_FD, FIRST_CLOSED_FD };

/* What guests are told: no self-tests, no randomisation and no mitigations, which emulation pays
 * for dearly and nobody attacks; a guest whose first program ends stops. Nor is the timer tried out: where
 * a guest gets little of a processor, ticks come too late for that, and its kernel gives up. */
#define COMMAND_LINE                                                                               \
    "quiet loglevel=1 console=ttyS0 panic=-1 cryptomgr.notests nokaslr mitigations=off "           \
    "random.trust_cpu=on no_timer_check"

enum { WORDS_MAX = 64 };

struct words {
    char *list[WORDS_MAX + 1];
    int n;
};

static void add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *words, const char *format, ...)
{
    va_list arguments;

    assert(words->n < WORDS_MAX);
    va_start(arguments, format);
    if (vasprintf(&words->list[words->n++], format, arguments) < 0) {
        abort();
    }
    va_end(arguments);
}

static void add_pair(struct words *words, const char *option, const char *value)
{
    add(words, "%s", option);
    add(words, "%s", value);
}

static void add_machine(struct words *words, const struct vm_kit *kit, const struct vm_order *order)
{
    add(words, "-machine");
    add(words, "q35%s,smm=off", order->memory_file ? ",memory-backend=ram" : "");
    add_pair(words, "-accel", kit->kvm ? "kvm" : "tcg,tb-size=64");
    if (kit->kvm) {
        add_pair(words, "-cpu", "host");
    }
    add(words, "-m");
    add(words, "%" PRId64, order->memory_mib);
    add(words, "-smp");
    add(words, "%d", order->cpus);
    if (order->memory_file) {
        add(words, "-object");
        add(words, "memory-backend-file,id=ram,size=%" PRId64 "M,mem-path=%s,share=%s",
            order->memory_mib, order->memory_file, order->start == VM_RESTORE ? "off" : "on");
    }
}

static void add_disk(struct words *words, const char *name, const char *path, bool read_only)
{
    if (path) {
        add(words, "-drive");
        add(words, "if=none,id=%s,file=%s,format=raw,file.locking=off,%s", name, path,
            read_only ? "readonly=on" : "snapshot=on");
        add(words, "-device");
        add(words, "virtio-blk-pci,drive=%s,serial=%s", name, name);
    }
}

static void add_devices(struct words *words, const struct vm_order *order, const struct vm *vm)
{
    add(words, "-serial");
    add(words, "file:%s", vm->console);
    add_pair(words, "-device", "virtio-serial-pci,max_ports=2");
    add(words, "-chardev");
    add(words, "socket,id=line,fd=%d", LINE_FD);
    add_pair(words, "-device", "virtserialport,chardev=line,name=berth");
    if (order->network) {
        add(words, "-netdev");
        if (order->tap_fd >= 0) {
            add(words, "tap,id=net,fd=%d", TAP_FD);
        } else {
            add(words, "hubport,id=net,hubid=0");
        }
        add_pair(words, "-device", "virtio-net-pci,netdev=net,romfile=");
    }
    add_disk(words, "images", order->images_disk, true);
    add_disk(words, "scratch", order->scratch_disk, false);
    if (order->qmp_fd >= 0 || order->start == VM_RESTORE) {
        add(words, "-chardev");
        add(words, "socket,id=qmp,fd=%d", QMP_FD);
        add_pair(words, "-mon", "chardev=qmp,mode=control");
    }
}

static void add_kernel(struct words *words, const struct vm_kit *kit, const struct vm_order *order)
{
    if (order->start == VM_RESTORE) {
        add_pair(words, "-incoming", "defer");
        return;
    }
    add_pair(words, "-kernel", order->start == VM_BOOT ? kit->vmlinuz : kit->vmlinux);
    add_pair(words, "-initrd", kit->initramfs);
    add(words, "-append");
    add(words, "%s %s", COMMAND_LINE, order->more ? order->more : "");
}

static void compose(struct words *words, const struct vm_kit *kit, const struct vm_order *order,
                    const struct vm *vm)
{
    static const char *const always[] = {
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-msg",        "timestamp=off"};

    add(words, "%s", kit->qemu);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        add(words, "%s", always[i]);
    }
    add_machine(words, kit, order);
    add_devices(words, order, vm);
    add_kernel(words, kit, order);
}

static void free_words(struct words *words)
{
    for (int i = 0; i < words->n; i++) {
        free(words->list[i]);
    }
}

/* ---- the child ---- */

struct child {
    struct words words;
    int fds[FIRST_CLOSED_FD]; /* by their new number, -1: none */
    bool owns_qmp;
    pid_t parent;
};

/* Copies them above all new numbers first: none is overwritten before it is used. */
static bool place_descriptors(struct child *child)
{
    for (int i = 0; i < FIRST_CLOSED_FD; i++) {
        if (child->fds[i] >= 0) {
            child->fds[i] = fcntl(child->fds[i], F_DUPFD, FIRST_CLOSED_FD);
            if (child->fds[i] < 0) {
                return false;
            }
        }
    }
    for (int i = 0; i < FIRST_CLOSED_FD; i++) {
        if (child->fds[i] >= 0 ? dup2(child->fds[i], i) < 0 : (close(i), false)) {
            return false;
        }
    }
    close_range(FIRST_CLOSED_FD, ~0U, 0);
    return true;
}

/* In a process group of its own: Ctrl-C at the terminal is not for it. */
static _Noreturn void become_qemu(struct child *child, const struct cgroup_entry *entry)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != child->parent) {
        _exit(1);
    }
    for (size_t i = 0; i < entry->n_tasks; i++) {
        if (write(entry->tasks[i], "0", 1) != 1) {
            _exit(1);
        }
    }
    if (place_descriptors(child)) {
        execv(child->words.list[0], child->words.list);
    }
    _exit(127);
}

static bool spawn(struct child *child, const struct vm_order *order, struct vm *vm, struct err *err)
{
    struct cgroup_entry entry = {.first_fd = -1, .payload_fd = -1};
    int group;

    if (order->group && order->cgroups->kind != CGROUP_NONE &&
        !cgroup_entry_open(order->cgroups, order->group, order->group, &entry, err)) {
        return false;
    }
    child->parent = getpid();
    group = entry.payload_fd >= 0 ? entry.payload_fd : entry.first_fd;
    vm->started_usec = loop_clock_usec();
    vm->pid = namespace_fork(0, group, NULL);
    if (vm->pid == 0) {
        become_qemu(child, &entry);
    }
    if (vm->pid < 0) {
        err_errno(err, errno, "cannot start %s", child->words.list[0]);
    }
    cgroup_entry_close(&entry);
    return vm->pid > 0;
}

/* What qemu is told to restore a guest is said before it listens, so nobody waits for answers: the
 * guest runs as soon as it is there. */
static bool open_qmp(struct child *child, struct vm *vm, struct err *err)
{
    static const char format[] =
        "{\"execute\": \"qmp_capabilities\"}\n"
        "{\"execute\": \"migrate-set-capabilities\", \"arguments\": {\"capabilities\": "
        "[{\"capability\": \"x-ignore-shared\", \"state\": true}]}}\n"
        "{\"execute\": \"migrate-incoming\", \"arguments\": {\"uri\": \"fd:%d\"}}\n";
    char text[512];
    int n = snprintf(text, sizeof text, format, STATE_FD), pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
        send(pair[0], text, (size_t)n, MSG_NOSIGNAL) != n) {
        return err_errno(err, errno, "cannot make a socket for qemu");
    }
    vm->qmp_fd = pair[0];
    child->fds[QMP_FD] = pair[1];
    child->owns_qmp = true;
    return true;
}

static bool open_descriptors(struct child *child, const struct vm_order *order, struct vm *vm,
                             struct err *err)
{
    /* What qemu itself says goes where the kernel's words go: to whoever asks why. */
    child->fds[STDIN_FILENO] = open("/dev/null", O_RDWR | O_CLOEXEC);
    child->fds[STDOUT_FILENO] = child->fds[STDIN_FILENO];
    child->fds[TAP_FD] = order->tap_fd;
    child->fds[QMP_FD] = order->qmp_fd;
    child->fds[STATE_FD] = -1;
    if (order->start == VM_RESTORE) {
        child->fds[STATE_FD] = open(order->state_file, O_RDONLY | O_CLOEXEC);
        if (child->fds[STATE_FD] < 0) {
            return err_errno(err, errno, "cannot open %s", order->state_file);
        }
        return open_qmp(child, vm, err);
    }
    return true;
}

static void close_descriptors(const struct child *child)
{
    static const int ours[] = {STDIN_FILENO, STDERR_FILENO, LINE_FD, STATE_FD};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (child->fds[ours[i]] >= 0) {
            close(child->fds[ours[i]]);
        }
    }
    if (child->owns_qmp) {
        close(child->fds[QMP_FD]);
    }
}

bool vm_start(const struct vm_kit *kit, const struct vm_order *order, struct vm *vm,
              struct err *err)
{
    struct child child = {.fds = {-1, -1, -1, -1, -1, -1, -1}};
    int pair[2];
    bool ok;

    *vm = (struct vm){
        .start = order->start, .fd = -1, .qmp_fd = -1, .memory_bytes = order->memory_mib << 20};
    snprintf(vm->console, sizeof vm->console, "%s/console", order->folder);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(err, errno, "cannot make a socket for a guest");
    }
    child.fds[LINE_FD] = pair[1];
    child.fds[STDERR_FILENO] = open(vm->console, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    compose(&child.words, kit, order, vm);
    ok = open_descriptors(&child, order, vm, err) && spawn(&child, order, vm, err);
    free_words(&child.words);
    close_descriptors(&child);
    if (ok) {
        vm->fd = pair[0];
    } else {
        close(pair[0]);
        if (vm->qmp_fd >= 0) {
            close(vm->qmp_fd);
        }
    }
    return ok;
}

/* ---- looking at it ---- */

int64_t vm_cpu_usec(pid_t pid)
{
    char path[64], line[1024], *end;
    unsigned long user, system;
    FILE *file;
    bool ok;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file) {
        return -1;
    }
    ok = fgets(line, sizeof line, file) && (end = strrchr(line, ')')) &&
         sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) ==
             2;
    fclose(file);
    return ok ? (int64_t)(user + system) * INT64_C(1000000) / sysconf(_SC_CLK_TCK) : -1;
}

int64_t vm_resident_bytes(pid_t pid)
{
    char path[64];
    long long total, resident = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    file = fopen(path, "re");
    if (!file || fscanf(file, "%lld %lld", &total, &resident) != 2) {
        resident = 0;
    }
    if (file) {
        fclose(file);
    }
    return resident * sysconf(_SC_PAGESIZE);
}

/* Of its mappings the guest's memory is the one of that size. */
int64_t vm_overhead_bytes(const struct vm *vm)
{
    unsigned long long begin, end;
    long long size = 0, kib, own_kib = -1;
    char path[64], line[512];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps", (int)vm->pid);
    file = fopen(path, "re");
    while (file && own_kib < 0 && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%llx-%llx ", &begin, &end) == 2) {
            size = (long long)(end - begin);
        } else if (size == vm->memory_bytes && sscanf(line, "Rss: %lld", &kib) == 1) {
            own_kib = kib;
        }
    }
    if (file) {
        fclose(file);
    }
    return own_kib < 0 ? 0 : vm_resident_bytes(vm->pid) - own_kib * 1024;
}

/* Our own program's words, and why a kernel gave up, say more than what comes after them. */
static bool says_why(const char *line)
{
    return strncmp(line, "berth", 5) == 0 || strstr(line, "Kernel panic");
}

/* Of qemu's own: that a guest has no network is not what the guest said. */
static bool is_warning(const char *line)
{
    return !strncmp(line, "qemu-system", 11) && strstr(line, ": warning: ");
}

const char *vm_last_words(const struct vm *vm, char *text, size_t size)
{
    FILE *file = fopen(vm->console, "re");
    char line[512];

    text[0] = '\0';
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] && !is_warning(line) && (says_why(line) || !says_why(text))) {
            snprintf(text, size, "%s", line);
        }
    }
    if (file) {
        fclose(file);
    }
    for (char *c = text; *c; c++) {
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    return text;
}
