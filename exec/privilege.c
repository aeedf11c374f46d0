/*
 * Capabilities through libcap. The bounding set is what counts: a root payload gets at exec
 * whatever is left in it.
 */
#include "exec/privilege.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * moby, oci/caps/defaults.go, without CAP_MKNOD: opening what it makes would need a device filter.
 */
static const cap_value_t kept[] = {
    CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_FSETID,      CAP_FOWNER,  CAP_NET_RAW,
    CAP_SETGID,     CAP_SETUID,       CAP_SETFCAP,     CAP_SETPCAP, CAP_NET_BIND_SERVICE,
    CAP_SYS_CHROOT, CAP_KILL,         CAP_AUDIT_WRITE,
};

enum { KEPT = sizeof kept / sizeof *kept };

/*
 * What may be added. Not among them, though Docker would: what reaches beyond the namespaces
 * (SYS_NICE, SYS_RESOURCE, SYS_TIME, ...), what is nearly root (SYS_ADMIN, DAC_READ_SEARCH, ...),
 * and SYS_PTRACE, because pid 1 has no system call filter.
 */
static const cap_value_t extra[] = {CAP_NET_ADMIN, CAP_NET_BROADCAST, CAP_IPC_LOCK, CAP_IPC_OWNER,
                                    CAP_LEASE};

static bool is_usual(cap_value_t value)
{
    for (size_t i = 0; i < KEPT; i++) {
        if (kept[i] == value) {
            return true;
        }
    }
    return false;
}

/* A set that has `n` of `wanted` and no more than this process itself. */
static cap_t make_set(const cap_value_t *wanted, size_t n)
{
    cap_t set = cap_init(), own = cap_get_proc();

    for (size_t i = 0; set && own && i < n; i++) {
        cap_flag_value_t has = CAP_CLEAR;

        /* Without root all are there in the user namespace to come. */
        if (geteuid() != 0 || (cap_get_flag(own, wanted[i], CAP_PERMITTED, &has) == 0 && has)) {
            cap_set_flag(set, CAP_PERMITTED, 1, &wanted[i], CAP_SET);
            cap_set_flag(set, CAP_EFFECTIVE, 1, &wanted[i], CAP_SET);
        }
    }
    cap_free(own);
    return set;
}

/* Without root all are there in the user namespace to come. */
static uint64_t own_capabilities(void)
{
    cap_t own = cap_get_proc();
    uint64_t mask = 0;

    for (cap_value_t value = 0; own && value < cap_max_bits(); value++) {
        cap_flag_value_t has = CAP_CLEAR;

        if (geteuid() != 0 || (cap_get_flag(own, value, CAP_PERMITTED, &has) == 0 && has)) {
            mask |= UINT64_C(1) << value;
        }
    }
    cap_free(own);
    return mask;
}

int privilege_find(const char *name, bool *givable)
{
    char text[64];
    cap_value_t value;

    *givable = false;
    snprintf(text, sizeof text, "%s%s", strncasecmp(name, "CAP_", 4) == 0 ? "" : "cap_", name);
    if (cap_from_name(text, &value) != 0) {
        return -1;
    }
    *givable = is_usual(value);
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        *givable |= extra[i] == value;
    }
    return value;
}

bool privilege_prepare(struct privilege_set *set, struct err *err)
{
    const cap_value_t kill = CAP_KILL;

    set->own = own_capabilities();
    set->payload = make_set(kept, KEPT);
    set->first = make_set(&kill, 1);
    return (set->payload && set->first) || err_errno(err, errno, "cannot prepare capabilities");
}

void privilege_finish(struct privilege_set *set)
{
    cap_free(set->payload);
    cap_free(set->first);
    *set = (struct privilege_set){0};
}

static bool is_kept(cap_value_t value, uint64_t add, uint64_t drop)
{
    uint64_t bit = UINT64_C(1) << value;

    return (add & bit) || (is_usual(value) && !(drop & bit));
}

int privilege_bound(uint64_t add, uint64_t drop)
{
    for (cap_value_t value = 0; value < cap_max_bits(); value++) {
        if (!is_kept(value, add, drop) && prctl(PR_CAPBSET_DROP, value) != 0 && errno != EINVAL) {
            return -1;
        }
    }
    return 0;
}

/* The payload's set, changed in this process alone; no memory is asked for. */
static void change_set(const struct privilege_set *set, uint64_t add, uint64_t drop)
{
    for (cap_value_t value = 0; value < cap_max_bits(); value++) {
        uint64_t bit = UINT64_C(1) << value;

        if (((add | drop) & bit) && (set->own & bit)) {
            cap_flag_value_t to = add & bit ? CAP_SET : CAP_CLEAR;

            cap_set_flag(set->payload, CAP_PERMITTED, 1, &value, to);
            cap_set_flag(set->payload, CAP_EFFECTIVE, 1, &value, to);
        }
    }
}

int privilege_become(const struct privilege_set *set, const struct user_identity *user, bool groups,
                     uint64_t add, uint64_t drop)
{
    if (add | drop) {
        change_set(set, add, drop);
    }
    if (groups && setgroups(user->n_groups, user->groups) != 0) {
        return -1;
    }
    if (setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0) {
        return -1;
    }
    /* Another user than root has none left after exec, as nothing is inheritable or ambient. */
    if (user->uid == 0 && cap_set_proc(set->payload) != 0) {
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int privilege_drop_first(const struct privilege_set *set)
{
    /* In this order: with as few capabilities as the payload it could be traced by it. */
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? cap_set_proc(set->first) : -1;
}
