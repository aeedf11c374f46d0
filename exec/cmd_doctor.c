/*
 * `berth doctor`: what this machine allows, found by trying it, and the exact remedy for what it
 * does not. A table of checks; each fills one row.
 */
#include "exec/command.h"

#include "exec/cgroup.h"
#include "exec/cloud.h"
#include "exec/haproxy.h"
#include "exec/kvm.h"
#include "exec/program.h"
#include "exec/scale.h"
#include "exec/seccomp.h"
#include "exec/sweep.h"
#include "exec/trial.h"
#include "exec/vm.h"
#include "file/buffer.h"
#include "file/options.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static const char about[] =
    "Says what this machine allows, each found by trying it, and what to do about the rest.\n"
    "Exits with 0 if `berth exec` can run here, with 3 if it cannot.";

static const char examples[] = "  berth doctor\n"
                               "  sudo berth doctor          what root could do\n";

enum verdict { VERDICT_OK, VERDICT_LIMITED, VERDICT_MISSING };

/* What stands before the remedy in an error's text. */
#define REMEDY "; remedy: "

static const char *const verdict_names[] = {"ok", "limited", "missing"};

struct diagnosis {
    enum verdict verdict;
    char text[512];
    char fix[512]; /* "" where there is nothing to mend */
};

/* What the checks look at. */
struct patient {
    struct cgroup_machine cgroups;
    struct sweep_run run;
    struct programs programs;
    bool is_open; /* a run's folder is there to try things in */
    struct err err;
};

static void say(struct diagnosis *diagnosis, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void mend(struct diagnosis *diagnosis, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct diagnosis *diagnosis, enum verdict verdict, const char *format, ...)
{
    va_list arguments;

    char *remedy;

    va_start(arguments, format);
    diagnosis->verdict = verdict;
    vsnprintf(diagnosis->text, sizeof diagnosis->text, format, arguments);
    va_end(arguments);
    remedy = strstr(diagnosis->text, REMEDY);
    if (remedy) {
        snprintf(diagnosis->fix, sizeof diagnosis->fix, "%s", remedy + strlen(REMEDY));
        *remedy = '\0';
    }
}

static void mend(struct diagnosis *diagnosis, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(diagnosis->fix, sizeof diagnosis->fix, format, arguments);
    va_end(arguments);
}

/* ---- trying things in a child process ---- */

/* Returns 0, or the errno with which `attempt` failed. */
static int try(int (*attempt)(const struct patient *), const struct patient *patient)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(attempt(patient) == 0 ? 0 : errno);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return ECHILD;
    }
    return WEXITSTATUS(status);
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static int try_user_namespace(const struct patient *patient)
{
    char users[64], groups[64];

    (void)patient;
    snprintf(users, sizeof users, "0 %u 1", (unsigned)geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
    if (unshare(CLONE_NEWUSER) != 0) {
        return -1;
    }
    return write_file("/proc/self/uid_map", users) && write_file("/proc/self/setgroups", "deny") &&
                   write_file("/proc/self/gid_map", groups)
               ? 0
               : -1;
}

/* As containers are made: with a user namespace first where we are not root. */
static int try_namespaces(const struct patient *patient)
{
    if (geteuid() != 0 && try_user_namespace(patient) != 0) {
        return -1;
    }
    return unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
                   CLONE_NEWCGROUP);
}

static int try_overlay(const struct patient *patient)
{
    bool root = geteuid() == 0;

    if (try_namespaces(patient) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", patient->run.folder, "tmpfs", 0, NULL) != 0 ||
        chdir(patient->run.folder) != 0 || mkdir("lower", 0755) != 0 || mkdir("upper", 0755) != 0 ||
        mkdir("work", 0755) != 0 || mkdir("all", 0755) != 0) {
        return -1;
    }
    return mount("overlay", "all", "overlay", 0,
                 root ? "lowerdir=lower,upperdir=upper,workdir=work"
                      : "lowerdir=lower,upperdir=upper,workdir=work,userxattr");
}

static int try_seccomp(const struct patient *patient)
{
    struct seccomp_filter filter;
    struct err err;

    (void)patient;
    if (!seccomp_filter_build(&filter, &err)) {
        errno = EINVAL;
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : seccomp_filter_load(&filter);
}

/* ---- the checks ---- */

static void check_kernel(struct patient *patient, struct diagnosis *diagnosis)
{
    struct utsname name;

    (void)patient;
    uname(&name);
    say(diagnosis, VERDICT_OK, "%s %s, %s", name.sysname, name.release, name.machine);
}

static void check_machine(struct patient *patient, struct diagnosis *diagnosis)
{
    struct capacity capacity = capacity_of_machine();
    char text[64];

    (void)patient;
    say(diagnosis, VERDICT_OK, "%s", capacity_text(text, sizeof text, &capacity));
}

static void check_user(struct patient *patient, struct diagnosis *diagnosis)
{
    int why = try(try_user_namespace, patient);

    if (geteuid() == 0) {
        say(diagnosis, VERDICT_OK, "root: containers need no user namespace");
    } else if (why == 0) {
        say(diagnosis, VERDICT_OK, "an ordinary user, with user namespaces");
    } else {
        say(diagnosis, VERDICT_MISSING, "an ordinary user without user namespaces: %s",
            strerror(why));
        mend(diagnosis, "%s", trial_remedy()[0] ? trial_remedy() : "sudo berth ...");
    }
}

static void check_namespaces(struct patient *patient, struct diagnosis *diagnosis)
{
    int why = try(try_namespaces, patient);

    if (why == 0) {
        say(diagnosis, VERDICT_OK, "mount, pid, net, uts, ipc, cgroup");
        return;
    }
    say(diagnosis, VERDICT_MISSING, "%s", strerror(why));
    mend(diagnosis, "%s",
         trial_remedy()[0] ? trial_remedy()
                           : "run on the machine itself, not in a container, or as "
                             "root (sudo berth ...)");
}

static void check_cgroups(struct patient *patient, struct diagnosis *diagnosis)
{
    const struct cgroup_machine *cgroups = &patient->cgroups;
    bool all = cgroups->limits_cpu && cgroups->limits_memory && cgroups->limits_pids;

    say(diagnosis, all ? VERDICT_OK : VERDICT_LIMITED,
        "%s: limits for CPU %s, memory %s, processes %s%s%s", cgroup_kind_name(cgroups->kind),
        cgroups->limits_cpu ? "yes" : "no", cgroups->limits_memory ? "yes" : "no",
        cgroups->limits_pids ? "yes" : "no", cgroups->note[0] ? "; " : "", cgroups->note);
}

static void check_overlay(struct patient *patient, struct diagnosis *diagnosis)
{
    int why = patient->is_open ? try(try_overlay, patient) : ENOENT;

    if (why == 0) {
        say(diagnosis, VERDICT_OK, "mounts");
    } else {
        say(diagnosis, VERDICT_MISSING, "cannot be mounted: %s", strerror(why));
        mend(diagnosis, why == ENODEV ? "sudo modprobe overlay" : "sudo berth ...");
    }
}

static void check_seccomp(struct patient *patient, struct diagnosis *diagnosis)
{
    int why = try(try_seccomp, patient);

    if (why == 0) {
        say(diagnosis, VERDICT_OK, "the filter of system calls loads");
    } else {
        say(diagnosis, VERDICT_MISSING, "the filter of system calls does not load: %s",
            strerror(why));
        mend(diagnosis, "a kernel with CONFIG_SECCOMP_FILTER");
    }
}

/* Whether a program asks for a dynamic linker, which a root file system of ours would not have. */
static bool is_static(const char *path)
{
    unsigned char head[4096];
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)head;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head);
    bool asks = false;

    if (fd >= 0) {
        close(fd);
    }
    if (n < (ssize_t)sizeof *elf || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    for (int i = 0; i < elf->e_phnum; i++) {
        size_t at = elf->e_phoff + (size_t)i * sizeof(Elf64_Phdr);

        asks |= at + sizeof(Elf64_Phdr) <= (size_t)n &&
                ((const Elf64_Phdr *)(head + at))->p_type == PT_INTERP;
    }
    return !asks;
}

static void check_busybox(struct patient *patient, struct diagnosis *diagnosis)
{
    (void)patient;
    if (is_static("/bin/busybox")) {
        say(diagnosis, VERDICT_OK, "/bin/busybox is static");
    } else {
        say(diagnosis, VERDICT_MISSING,
            access("/bin/busybox", X_OK) == 0 ? "/bin/busybox needs libraries" : "no /bin/busybox");
        mend(diagnosis, "sudo apt-get install busybox-static");
    }
}

static void check_container(struct patient *patient, struct diagnosis *diagnosis)
{
    struct trial trial;
    struct err err = patient->err;

    if (patient->is_open &&
        trial_run(&patient->run, &patient->cgroups, &patient->programs, &trial, &err)) {
        say(diagnosis, VERDICT_OK, "ran `uname -r` in one in %.1f ms: %s",
            (double)trial.took_usec / 1000, trial.kernel);
    } else {
        say(diagnosis, VERDICT_MISSING, "%s", err.text);
        if (!diagnosis->fix[0]) {
            mend(diagnosis, "what is missing above");
        }
    }
}

static void check_kvm(struct patient *patient, struct diagnosis *diagnosis)
{
    char why[256];

    (void)patient;
    if (kvm_answers(why, sizeof why)) {
        say(diagnosis, VERDICT_OK, "a guest of one instruction answered");
    } else {
        say(diagnosis, VERDICT_LIMITED, "%s: virtual machines are emulated, some 20 times slower",
            why);
    }
}

static bool in_path(const char *name, char *path, size_t size)
{
    const char *folder = getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin";

    while (*folder) {
        int n = (int)strcspn(folder, ":");

        snprintf(path, size, "%.*s/%s", n, folder, name);
        if (n > 0 && access(path, X_OK) == 0) {
            return true;
        }
        folder += n + (folder[n] == ':');
    }
    return false;
}

static void check_program(struct diagnosis *diagnosis, const char *name, const char *package,
                          const char *what_for)
{
    char path[512];

    if (in_path(name, path, sizeof path)) {
        say(diagnosis, VERDICT_OK, "%s", path);
    } else {
        say(diagnosis, VERDICT_LIMITED, "no %s: needed for %s", name, what_for);
        mend(diagnosis, "sudo apt-get install %s", package);
    }
}

/* qemu, a kernel for guests, and memory for one of the smallest. */
static void check_vms(struct patient *patient, struct diagnosis *diagnosis)
{
    struct vm_kit kit;
    struct err err;
    int64_t free_mib = capacity_free_bytes() >> 20;
    char why[256];

    (void)patient;
    if (!vm_kit_find(&kit, &err)) {
        say(diagnosis, VERDICT_MISSING, "%s", err.text);
    } else if (free_mib < VM_MEMORY_MIN_MIB + VM_OVERHEAD_MIB) {
        say(diagnosis, VERDICT_MISSING, "%lld MiB of memory are free, the smallest takes %d",
            (long long)free_mib, VM_MEMORY_MIN_MIB + VM_OVERHEAD_MIB);
        mend(diagnosis, "end something that uses memory");
    } else {
        bool kvm = kvm_answers(why, sizeof why), connected = cloud_has_taps(&err);

        say(diagnosis, kvm && connected ? VERDICT_OK : VERDICT_LIMITED,
            "%s and %s; room for %lld of 256 MiB%s%s%s", kit.qemu, kit.vmlinuz,
            (long long)(free_mib / (256 + VM_OVERHEAD_MIB)), kvm ? "" : "; emulated, without KVM",
            connected ? "" : "; without networks: ", connected ? "" : err.text);
        if (!connected) {
            mend(diagnosis, "sudo chmod 666 /dev/net/tun, or run as root");
        }
    }
}

static void check_gnuplot(struct patient *patient, struct diagnosis *diagnosis)
{
    (void)patient;
    check_program(diagnosis, "gnuplot", "gnuplot-nox", "berth plot and berth compare");
}

static void check_haproxy(struct patient *patient, struct diagnosis *diagnosis)
{
    struct err err;

    (void)patient;
    if (haproxy_find(&err)) {
        say(diagnosis, VERDICT_OK, "%s, the balancer of services with target groups",
            HAPROXY_PROGRAM);
        return;
    }
    say(diagnosis, VERDICT_LIMITED, "missing: no real runs of scenarios with target groups");
    mend(diagnosis, "sudo apt-get install haproxy");
}

static bool answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ok = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static void check_display(struct patient *patient, struct diagnosis *diagnosis)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char path[108] = "";

    (void)patient;
    if (wayland && runtime) {
        snprintf(path, sizeof path, "%s/%s", wayland[0] == '/' ? "" : runtime, wayland);
        if (answers(path)) {
            say(diagnosis, VERDICT_OK, "Wayland, %s", wayland);
            return;
        }
    }
    if (x && x[0] == ':') {
        snprintf(path, sizeof path, "/tmp/.X11-unix/X%d", atoi(x + 1));
        if (answers(path)) {
            say(diagnosis, VERDICT_OK, "X11, %s", x);
            return;
        }
    }
    say(diagnosis, VERDICT_LIMITED, "none that answers: berth view --screenshot needs none");
}

struct check {
    const char *name;
    void (*look)(struct patient *patient, struct diagnosis *diagnosis);
};

static const struct check checks[] = {
    {"kernel", check_kernel},
    {"machine", check_machine},
    {"user", check_user},
    {"namespaces", check_namespaces},
    {"cgroups", check_cgroups},
    {"overlayfs", check_overlay},
    {"seccomp", check_seccomp},
    {"busybox", check_busybox},
    {"container", check_container},
    {"kvm", check_kvm},
    {"vms", check_vms},
    {"haproxy", check_haproxy},
    {"gnuplot", check_gnuplot},
    {"display", check_display},
};

enum { N_CHECKS = sizeof checks / sizeof *checks };

/* ---- the visit ---- */

static void admit(struct patient *patient)
{
    struct sweep_counts counts = {0};
    char base[256];

    patient->is_open = programs_find(&patient->programs, &patient->err) &&
                       cgroup_open(&patient->cgroups, cgroup_backend_wanted(), &patient->err) &&
                       sweep_base(base, sizeof base, &patient->err) &&
                       sweep_dead(base, &patient->cgroups, &counts, &patient->err) &&
                       sweep_open(&patient->run, base, &patient->err);
}

static void discharge(struct patient *patient)
{
    struct sweep_counts counts = {0};
    struct err err;

    if (patient->is_open) {
        sweep_close(&patient->run, &patient->cgroups, &counts, &err);
    }
}

static void print(const struct diagnosis *diagnoses, bool can)
{
    for (int i = 0; i < N_CHECKS; i++) {
        printf("%-11s %-8s %s\n", checks[i].name, verdict_names[diagnoses[i].verdict],
               diagnoses[i].text);
        if (diagnoses[i].fix[0]) {
            printf("%-11s %-8s fix: %s\n", "", "", diagnoses[i].fix);
        }
    }
    printf("\n%s\n", can ? "berth exec can run here" : "berth exec cannot run here");
}

static void print_json(const struct diagnosis *diagnoses, bool can)
{
    struct buffer json = {0};

    buffer_add(&json, "{\"can_exec\": %s, \"checks\": [", can ? "true" : "false");
    for (int i = 0; i < N_CHECKS; i++) {
        buffer_add(&json, "%s{\"check\": \"%s\", \"verdict\": \"%s\", \"text\": ", i ? ",\n " : "",
                   checks[i].name, verdict_names[diagnoses[i].verdict]);
        buffer_add_json_string(&json, diagnoses[i].text);
        buffer_add_text(&json, ", \"fix\": ");
        buffer_add_json_string(&json, diagnoses[i].fix[0] ? diagnoses[i].fix : NULL);
        buffer_add_text(&json, "}");
    }
    printf("%s]}\n", json.text);
    buffer_finish(&json);
}

static int examine(bool json)
{
    static struct diagnosis diagnoses[N_CHECKS];
    struct patient patient = {0};
    bool can = false;

    admit(&patient);
    for (int i = 0; i < N_CHECKS; i++) {
        checks[i].look(&patient, &diagnoses[i]);
        /* Whatever the others say: where a container runs, containers run. */
        can = can || (checks[i].look == check_container && diagnoses[i].verdict == VERDICT_OK);
    }
    discharge(&patient);
    (json ? print_json : print)(diagnoses, can);
    return can ? EXIT_FINE : EXIT_MACHINE;
}

int cmd_doctor(int argc, char **argv)
{
    bool json = false;
    const struct option_row rows[] = {
        {"json", 0, OPTION_FLAG, &json, NULL, "one JSON object", 0, NULL},
    };
    const struct options options = {
        .command = "doctor",
        .usage = "[--json]",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = 1,
    };
    int n_operands, code;

    return options_parse(&options, argc, argv, &n_operands, &code) ? examine(json) : code;
}
