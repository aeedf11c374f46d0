/*
 * Mounts, in the order in which they are made. Everything inside is mounted after pivot_root, when
 * the image's own symbolic links can no longer lead out of it.
 */
#include "exec/rootfs.h"

#include "exec/libc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NO_ALL = MS_NOSUID | MS_NODEV | MS_NOEXEC };

char rootfs_detail[96];

static const struct node {
    const char *path;
    unsigned major, minor;
} nodes[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

enum { N_NODES = sizeof nodes / sizeof *nodes };

/*
 * Docker's masked and read-only paths (moby, oci/defaults.go). Those that this kernel lacks are
 * passed over.
 */
static const char *const masked[] = {
    "/proc/acpi",       "/proc/asound",        "/proc/interrupts",  "/proc/kcore",
    "/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
    "/proc/timer_list", "/proc/timer_stats",
};
static const char *const masked_sys[] = {"/sys/firmware", "/sys/devices/virtual/powercap"};
static const char *const read_only_proc[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                             "/proc/sysrq-trigger"};

/* Remembers the path for the error. */
static int at(const char *path, int status)
{
    if (status != 0) {
        snprintf(rootfs_detail, sizeof rootfs_detail, "%s", path);
    }
    return status;
}

int rootfs_at(const char *path, int status)
{
    return at(path, status);
}

static int make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : at(path, -1);
}

/* ---- the overlay ---- */

/*
 * Appends a path to overlayfs options, where `,`, `:` and `\` mean something. Returns the new
 * length, or 0.
 */
static size_t append_path(char *options, size_t size, size_t used, const char *path)
{
    for (; *path; path++) {
        if (strchr(",:\\", *path)) {
            options[used++] = '\\';
        }
        if (used + 2 >= size) {
            errno = ENAMETOOLONG;
            return 0;
        }
        options[used++] = *path;
    }
    options[used] = '\0';
    return used;
}

static size_t append(char *options, size_t size, size_t used, const char *text, const char *path)
{
    used += (size_t)snprintf(options + used, size - used, "%s", text);
    return used + 1 >= size ? 0 : append_path(options, size, used, path);
}

static int overlay_options(char *options, size_t size, const char *const *layers)
{
    size_t n = 0, used = 0;

    while (layers[n]) {
        n++;
    }
    for (size_t i = n; i-- > 0;) {
        used = append(options, size, used, i == n - 1 ? "lowerdir=" : ":", layers[i]);
        if (!used) {
            return at(layers[i], -1);
        }
    }
    return 0;
}

int rootfs_mount(const char *mount_point, const char *const *layers, bool user_namespace)
{
    char options[4096];
    size_t used;

    rootfs_detail[0] = '\0';
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return at("/", -1);
    }
    /*
     * Relative names from here on: whatever the run's folder is called, it is not among the
     * options.
     */
    if (mount("berth", mount_point, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0 ||
        chdir(mount_point) != 0) {
        return at(mount_point, -1);
    }
    if (make_folder("upper") || make_folder("work") || make_folder("root") ||
        overlay_options(options, sizeof options - 64, layers)) {
        return -1;
    }
    used = strlen(options);
    snprintf(options + used, sizeof options - used, ",upperdir=upper,workdir=work%s",
             user_namespace ? ",userxattr" : "");
    if (mount("berth", "root", "overlay", MS_NODEV, options) != 0) {
        return at("overlay", -1);
    }
    return at("root", chdir("root"));
}

int rootfs_pivot(void)
{
    return at("/", (int)syscall(SYS_pivot_root, ".", "."));
}

int rootfs_detach(void)
{
    /* The old root lies on top of the new one at /: this takes it away. */
    return at("old root", umount2(".", MNT_DETACH));
}

int rootfs_read_only(void)
{
    return at("/", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV, NULL));
}

/* ---- what is borrowed from the host without root ---- */

int rootfs_borrow(struct rootfs_loans *loans, bool user_namespace)
{
    for (size_t i = 0; i < N_NODES; i++) {
        loans->nodes[i] = -1;
    }
    loans->sys = -1;
    if (!user_namespace) {
        return 0;
    }
    for (size_t i = 0; i < N_NODES; i++) {
        loans->nodes[i] = open_tree(AT_FDCWD, nodes[i].path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (loans->nodes[i] < 0) {
            return at(nodes[i].path, -1);
        }
    }
    loans->sys = open_tree(AT_FDCWD, "/sys", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    return 0;
}

static int put_loan(int *fd, const char *path)
{
    int status = at(path, move_mount(*fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH));

    close(*fd);
    *fd = -1;
    return status;
}

/* ---- /dev ---- */

static int make_node(const struct node *node, int *loan)
{
    if (*loan < 0) {
        return at(node->path, mknod(node->path, S_IFCHR | 0666, makedev(node->major, node->minor)));
    }
    if (mknod(node->path, S_IFREG | 0666, 0) != 0) {
        return at(node->path, -1);
    }
    return put_loan(loan, node->path);
}

static int make_links(void)
{
    static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
                                           {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"},
                                           {"/proc/self/fd/2", "/dev/stderr"},
                                           {"pts/ptmx", "/dev/ptmx"}};

    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (symlink(links[i][0], links[i][1]) != 0) {
            return at(links[i][1], -1);
        }
    }
    return 0;
}

int rootfs_dev(struct rootfs_loans *loans, bool user_namespace, int64_t shm_bytes)
{
    char shm[64];
    /* Group 5 is tty everywhere; a user namespace of one user does not have it. */
    const char *pts = user_namespace ? "newinstance,ptmxmode=0666,mode=0620"
                                     : "newinstance,ptmxmode=0666,mode=0620,gid=5";

    if (make_folder("/dev") ||
        at("/dev",
           mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=0755,size=64k"))) {
        return -1;
    }
    for (size_t i = 0; i < N_NODES; i++) {
        if (make_node(&nodes[i], &loans->nodes[i]) != 0) {
            return -1;
        }
    }
    if (make_links() || make_folder("/dev/pts") || make_folder("/dev/shm") ||
        at("/dev/pts", mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, pts))) {
        return -1;
    }
    snprintf(shm, sizeof shm, "mode=1777,size=%lld",
             (long long)(shm_bytes > 0 ? shm_bytes : 64 << 20));
    return at("/dev/shm", mount("shm", "/dev/shm", "tmpfs", NO_ALL, shm));
}

/* ---- /proc and /sys ---- */

/* Where the first folder was hidden: every file system less is quicker made and quicker gone. */
static const char *empty_folder;

/* Hides a file behind /dev/null and a folder behind an empty one. */
static int hide(const char *path)
{
    struct stat is;

    if (lstat(path, &is) != 0) {
        return 0;
    }
    if (!S_ISDIR(is.st_mode)) {
        return at(path, mount("/dev/null", path, NULL, MS_BIND, NULL));
    }
    if (empty_folder) {
        return at(path, mount(empty_folder, path, NULL, MS_BIND, NULL));
    }
    empty_folder = path;
    return at(path, mount("tmpfs", path, "tmpfs", NO_ALL | MS_RDONLY, "mode=0555,size=4k"));
}

static int make_read_only(const char *path)
{
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0) {
        return errno == ENOENT ? 0 : at(path, -1);
    }
    return at(path, mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | NO_ALL, NULL));
}

/* "net.ipv4.tcp_syncookies=1": dots are slashes, but slashes are dots (sysctl(8)). */
static int set_control(const char *control)
{
    char path[PATH_MAX] = "/proc/sys/";
    const char *value = strchr(control, '=');
    size_t n = strlen(path);
    int fd, status;

    for (; value && control < value && n < sizeof path - 1; control++) {
        path[n++] = *control == '.' ? '/' : *control == '/' ? '.' : *control;
    }
    path[n] = '\0';
    fd = value && !strstr(path, "..") ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return at(path, -1);
    }
    value++;
    status = write(fd, value, strlen(value)) < 0 ? -1 : 0;
    close(fd);
    return at(path, status);
}

int rootfs_proc(const char *const *controls)
{
    if (make_folder("/proc") || at("/proc", mount("proc", "/proc", "proc", NO_ALL, NULL))) {
        return -1;
    }
    for (; controls && *controls; controls++) {
        if (set_control(*controls) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < sizeof masked / sizeof *masked; i++) {
        if (hide(masked[i]) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < sizeof read_only_proc / sizeof *read_only_proc; i++) {
        if (make_read_only(read_only_proc[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/*
 * A user namespace may not mount sysfs where the host has covered parts of it: then the host's,
 * read-only.
 */
static int borrowed_sys(struct rootfs_loans *loans)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

    if (loans->sys < 0 || put_loan(&loans->sys, "/sys") != 0) {
        return at("/sys", -1);
    }
    return at("/sys",
              mount_setattr(AT_FDCWD, "/sys", AT_RECURSIVE, &attributes, sizeof attributes));
}

int rootfs_sys(struct rootfs_loans *loans)
{
    if (make_folder("/sys")) {
        return -1;
    }
    if (mount("sysfs", "/sys", "sysfs", NO_ALL | MS_RDONLY, NULL) != 0 &&
        borrowed_sys(loans) != 0) {
        return -1;
    }
    if (loans->sys >= 0) {
        close(loans->sys);
    }
    for (size_t i = 0; i < sizeof masked_sys / sizeof *masked_sys; i++) {
        if (hide(masked_sys[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- names ---- */

/* Whatever is there, a link perhaps, goes: it is the image's, which stays as it is. */
static int put_file(const char *path, const char *text, const char *end)
{
    const struct iovec parts[2] = {{(void *)(uintptr_t)text, strlen(text)},
                                   {(void *)(uintptr_t)end, strlen(end)}};
    int fd, status;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return at(path, -1);
    }
    status = writev(fd, parts, 2) < 0 ? -1 : 0;
    close(fd);
    return at(path, status);
}

int rootfs_names(const char *hosts, const char *hostname, const char *resolv_conf)
{
    if ((hosts || resolv_conf) && make_folder("/etc") != 0) {
        return -1;
    }
    if (hosts && (put_file("/etc/hosts", hosts, "") != 0 ||
                  put_file("/etc/hostname", hostname, "\n") != 0)) {
        return -1;
    }
    return resolv_conf ? put_file("/etc/resolv.conf", resolv_conf, "") : 0;
}

void rootfs_cgroup(void)
{
    if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", NO_ALL, NULL) == 0) {
        mount(NULL, "/sys/fs/cgroup", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | NO_ALL, NULL);
    }
}
