/*
 * See guest.h. A snapshot of a guest is taken after guest_begin(): whatever has to differ between
 * guests that wake from it is done in guest_settle(), never before.
 */
#include "exec/guest.h"

#include "exec/cloud.h"
#include "exec/loop.h"
#include "exec/netlink.h"
#include "exec/setting.h"
#include "exec/vm_kit.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The disk to unpack images to, or a file system in memory. */
#define PLACE "/run/berth"

static int64_t kernel_usec;

/* The run began between these, on CLOCK_MONOTONIC. */
static int64_t earliest_usec, latest_usec;

/* By the name under which a kernel starts it, so that pid 1 of somebody's container is none. */
bool guest_is_first(void)
{
    return getpid() == 1 && strcmp(program_invocation_name, "/init") == 0;
}

/* ---- file systems ---- */

/* Nobody may pivot away from the first file system of a kernel, as containers do: so it is laid over
 * itself and left. */
static bool leave_first_root(struct err *err)
{
    if (mount("/", "/tmp", NULL, MS_BIND, NULL) != 0 || chdir("/tmp") != 0 ||
        mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) {
        return err_errno(err, errno, "cannot leave the guest's first root");
    }
    return true;
}

static bool mount_all(struct err *err)
{
    static const struct {
        const char *type, *at;
        unsigned long flags;
    } mounts[] = {{"proc", "/proc", 0},         {"sysfs", "/sys", 0},
                  {"devtmpfs", "/dev", 0},      {"cgroup2", "/sys/fs/cgroup", 0},
                  {"tmpfs", "/run", MS_NOSUID}, {"tmpfs", "/tmp", MS_NOSUID}};

    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        if (mount(mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags, NULL) != 0) {
            return err_errno(err, errno, "cannot mount %s", mounts[i].at);
        }
    }
    mkdir(PLACE, 0700);
    return true;
}

/* What is said on descriptors 0 to 2 stands in the console, which the host reads where it must. */
static void open_console(void)
{
    int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);

    for (int i = 0; i < 3 && fd >= 0; i++) {
        dup2(fd, i);
    }
    if (fd > 2) {
        close(fd);
    }
}

/* What the kernel has built in, or this one lacks, has no file. */
static bool load_modules(struct err *err)
{
    static const char *const modules[] = {VM_KIT_MODULE_NAMES};
    char path[128];

    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        int fd;

        snprintf(path, sizeof path, "%s/%s.ko", VM_KIT_MODULES, modules[i]);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        if (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST) {
            err_errno(err, errno, "cannot load %s", path);
            close(fd);
            return false;
        }
        close(fd);
        unlink(path); /* its memory is the guest's */
    }
    return true;
}

/* ---- the line ---- */

static bool read_text(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "re");
    bool ok = file && fgets(text, (int)size, file);

    if (file) {
        fclose(file);
    }
    text[ok ? strcspn(text, "\n") : 0] = '\0';
    return ok;
}

/* Takes `fd` to that number. */
static bool place(int fd, int number)
{
    bool ok = fd >= 0 && (fd == number || dup2(fd, number) == number);

    if (fd >= 0 && fd != number) {
        close(fd);
    }
    return ok;
}

static bool open_line(struct err *err)
{
    char path[300], name[64], device[300] = "";
    DIR *ports = opendir("/sys/class/virtio-ports");
    struct dirent *entry;

    while (ports && !device[0] && (entry = readdir(ports))) {
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%.64s/name", entry->d_name);
        if (read_text(path, name, sizeof name) && strcmp(name, "berth") == 0) {
            snprintf(device, sizeof device, "/dev/%.64s", entry->d_name);
        }
    }
    if (ports) {
        closedir(ports);
    }
    return place(open(device, O_RDWR | O_NONBLOCK), PROTOCOL_FD) ||
           err_errno(err, errno, "cannot find the line to the controller");
}

/* ---- the network ---- */

/* The guest's own first namespace is its end of the cloud: a bridge of which the interface that qemu
 * made is one port. So instances and tasks are attached to it here as on the host. */
static bool open_cloud(struct err *err)
{
    static const uint8_t hardware[6] = {0x02, 0x42, 10, 213, 0, 2};
    struct netlink netlink = {0};
    int eth0, bridge;
    bool ok;

    setting_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    setting_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    ok = netlink_open(&netlink) == 0 && netlink_up(&netlink, 1) == 0;
    eth0 = ok ? netlink_index(&netlink, "eth0") : -1;
    if (eth0 >= 0) {
        ok = netlink_add_bridge(&netlink, CLOUD_BRIDGE, hardware) == 0 &&
             (bridge = netlink_index(&netlink, CLOUD_BRIDGE)) >= 0 &&
             netlink_join(&netlink, eth0, bridge) == 0;
    }
    if (!ok) {
        err_errno(err, errno, "cannot make the guest's network");
    }
    netlink_close(&netlink); /* before its descriptor could be taken for the cloud's */
    return ok && (eth0 < 0 || place(open("/proc/self/ns/net", O_RDONLY), PROTOCOL_CLOUD_FD) ||
                  err_errno(err, errno, "cannot open the guest's network"));
}

bool guest_begin(struct err *err)
{
    kernel_usec = loop_clock_usec();
    return leave_first_root(err) && mount_all(err) && (open_console(), load_modules(err)) &&
           open_line(err) && open_cloud(err);
}

/* ---- hello ---- */

/* One member of /proc/meminfo. */
static int64_t memory_bytes(const char *member)
{
    FILE *file = fopen("/proc/meminfo", "re");
    size_t length = strlen(member);
    char line[128];
    int64_t bytes = 0;

    while (file && bytes == 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, member, length) == 0 && line[length] == ':') {
            bytes = strtoll(line + length + 1, NULL, 10) * 1024;
        }
    }
    if (file) {
        fclose(file);
    }
    return bytes;
}

void guest_read_clock(const struct reading *reading)
{
    int64_t latest = loop_clock_usec() - reading->now_usec;
    int64_t earliest = reading->clock_usec - reading->now_usec;

    earliest_usec = earliest > earliest_usec ? earliest : earliest_usec;
    latest_usec = latest < latest_usec ? latest : latest_usec;
}

struct hello guest_hello(void)
{
    static struct utsname name;

    uname(&name);
    earliest_usec = INT64_MIN;
    latest_usec = INT64_MAX;
    return (struct hello){
        .clock_usec = loop_clock_usec(),
        .kernel_usec = kernel_usec,
        .available_bytes = memory_bytes("MemAvailable"),
        .total_bytes = memory_bytes("MemTotal"),
        .kernel = name.release,
    };
}

/* ---- who it is ---- */

static bool take_entropy(const char *text, struct err *err)
{
    size_t n = 0;
    char *bytes = protocol_unhex(text, &n);
    struct rand_pool_info *pool = malloc(sizeof *pool + n);
    int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    bool ok;

    assert(pool);
    pool->entropy_count = (int)n * 8;
    pool->buf_size = (int)n;
    if (bytes) {
        memcpy(pool->buf, bytes, n);
    }
    ok = bytes && fd >= 0 && ioctl(fd, RNDADDENTROPY, pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
    if (!ok) {
        err_errno(err, errno, "cannot give the guest randomness of its own");
    }
    if (fd >= 0) {
        close(fd);
    }
    free(pool);
    free(bytes);
    return ok;
}

static bool mount_disk(const char *serial, const char *at, unsigned long flags, struct err *err)
{
    char path[300], name[64];
    DIR *disks = opendir("/sys/block");
    struct dirent *entry;
    bool found = false, ok = false;

    while (disks && !found && (entry = readdir(disks))) {
        snprintf(path, sizeof path, "/sys/block/%.64s/serial", entry->d_name);
        found = read_text(path, name, sizeof name) && strcmp(name, serial) == 0;
        if (found) {
            snprintf(path, sizeof path, "/dev/%.64s", entry->d_name);
            mkdir(at, 0755);
            ok = mount(path, at, "ext4", flags, NULL) == 0;
        }
    }
    if (disks) {
        closedir(disks);
    }
    return ok || err_errno(err, found ? errno : ENOENT, "cannot mount the disk \"%s\"", serial);
}

static bool make_folder(const char *path, struct err *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ||
           err_errno(err, errno, "cannot make %s", path);
}

bool guest_settle(const struct setup *setup, int64_t *origin_usec, struct err *err)
{
    const struct setup_guest *guest = setup->guest;
    struct timespec time = {.tv_sec = guest->realtime_usec / 1000000,
                            .tv_nsec = guest->realtime_usec % 1000000 * 1000};

    guest_read_clock(&guest->reading);
    *origin_usec = earliest_usec + (latest_usec - earliest_usec) / 2;
    if (clock_settime(CLOCK_REALTIME, &time) != 0 ||
        sethostname(guest->hostname, strlen(guest->hostname)) != 0) {
        return err_errno(err, errno, "cannot set the guest's clock and name");
    }
    if (!take_entropy(guest->entropy, err)) {
        return false;
    }
    if (guest->disks && (!mount_disk("scratch", PLACE, 0, err) ||
                         !mount_disk("images", VM_KIT_IMAGES, MS_RDONLY, err))) {
        return false;
    }
    return make_folder(setup->folder, err);
}

_Noreturn void guest_end(void)
{
    tcdrain(STDERR_FILENO); /* what was said is not lost */
    reboot(RB_POWER_OFF);
    _exit(1);
}
