/*
 * `berth calibrate`: measures this machine, shows what it found and writes it down for the simulator.
 */
#include "exec/command.h"

#include "exec/calibrate.h"
#include "exec/owner.h"
#include "exec/report.h"
#include "file/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the profile goes where nobody says; `berth predict` looks for it there. */
#define PROFILE "host.profile.json"

static const char about[] =
    "Measures what starting, stopping and pulling really cost on this machine, with the code that\n"
    "`berth exec` runs: cgroups and namespaces, containers one by one and many at once, agents,\n"
    "images, memory, and what a rest costs (the host of a guest takes back memory that nobody\n"
    "uses). Prints medians with the 5th and 95th percentile, and writes PROFILE, which\n"
    "`berth sim --host-profile PROFILE` and `berth predict` read; without -o that is\n"
    "host.profile.json, here. It is worth as much as the machine was quiet meanwhile; of most\n"
    "rounds the middle half counts, or more. Takes two minutes. With --quick less than 30 s: of\n"
    "virtual machines what there is time for then, and no rests (--boots in-time), unless they\n"
    "are wanted always or never. Exits with 3 where this machine can run no containers.";

static const char examples[] =
    "  berth calibrate                          a table, and host.profile.json\n"
    "  berth calibrate --quick -o mine.json     fewer of everything\n"
    "  berth sim lab.json --host-profile host.profile.json\n"
    "                                           what would happen on this very machine\n";

static bool write_profile(const char *path, const struct calibration *calibration, struct err *err)
{
    struct buffer json = {0};
    FILE *file = fopen(path, "we");
    bool ok;

    calibrate_write(&json, calibration);
    ok = file && fwrite(json.text, 1, json.length, file) == json.length;
    ok = file && fclose(file) == 0 && ok;
    if (!ok) {
        err_file(err, errno, "cannot write %s", path);
    } else {
        owner_give(path);
    }
    buffer_finish(&json);
    return ok;
}

/* Found out before two minutes of measuring. */
static bool may_write(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    bool ok = fd >= 0 || (errno == ENOENT && folder && access(folder, W_OK | X_OK) == 0) ||
              err_file(err, errno, "cannot write %s", path);

    if (fd >= 0) {
        close(fd);
    }
    free(folder);
    return ok;
}

static int measure(const char *path, bool quick, enum calibrate_boots boots, bool json)
{
    struct calibration *calibration = calloc(1, sizeof *calibration);
    struct buffer text = {0};
    int code = EXIT_FINE;
    struct err err;

    if (!calibration) {
        abort();
    }
    calibration->quick = quick;
    calibration->boots = boots;
    if (!may_write(path, &err)) {
        free(calibration);
        return err_report(&err);
    }
    fprintf(stderr, "measuring this machine: about %s\n",
            !quick                            ? "two minutes"
            : boots == CALIBRATE_BOOTS_ALWAYS ? "a minute"
            : boots == CALIBRATE_BOOTS_NEVER  ? "40 s"
                                              : "30 s");
    if (!calibrate(calibration, &err) || !write_profile(path, calibration, &err)) {
        code = err_report(&err);
        code = calibration->interrupted ? REPORT_INTERRUPTED : code;
    } else if (json) {
        calibrate_write(&text, calibration);
        fputs(text.text, stdout);
    } else {
        calibrate_print(stdout, calibration);
        char *word = buffer_shell_word(path);

        printf("profile    %s\nnext       berth predict SCENARIO --host-profile %s\n", path, word);
        free(word);
    }
    buffer_finish(&text);
    free(calibration);
    return code;
}

int cmd_calibrate(int argc, char **argv)
{
    static const char *const boots_names[] = {"in-time", "always", "never", NULL};
    bool quick = false, json = false;
    int boots = CALIBRATE_BOOTS_IN_TIME;
    const char *path = PROFILE;
    const struct option_row rows[] = {
        {"output", 'o', OPTION_TEXT, &path, "PROFILE", "where the profile goes", 0, NULL},
        {"quick", 0, OPTION_FLAG, &quick, NULL, "fewer of everything, in less than 30 s", 0, NULL},
        {"boots", 0, OPTION_CHOICE, &boots, "WHEN",
         "virtual machines to measure: in-time, always or never", 0, boots_names},
        {"json", 0, OPTION_FLAG, &json, NULL, "print the profile instead of the table", 0, NULL},
    };
    const struct options options = {
        .command = "calibrate",
        .usage = "[OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
    };
    int n_operands, code;

    if (!options_parse(&options, argc, argv, &n_operands, &code)) {
        return code;
    }
    return measure(path, quick, (enum calibrate_boots)boots, json);
}
