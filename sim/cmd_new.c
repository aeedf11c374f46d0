/*
 * `berth new [FILE]`: a scenario to start from, with notes beside what there is to change. Knows only
 * its texts; a test validates and simulates each.
 */
#include "command.h"

#include "file/buffer.h"
#include "file/err.h"
#include "file/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Writes a scenario to start from into FILE (scenario.json), with notes that say what there is\n"
    "to change. A file that exists is left alone; - is standard output.";

static const char examples[] =
    "  berth new                            a service: scenario.json\n"
    "  berth new --job nightly.json         jobs that end by themselves\n"
    "  berth new --task web.json            a bare ECS task definition\n";

static const char service_text[] =
    "{\n"
    "  \"berth\": \"scenario/1\",\n"
    "  \"title\": \"A service, a new version, a machine that dies\",\n"
    "  \"note\": [\n"
    "    \"berth validate FILE checks it, berth sim FILE simulates it, berth exec FILE runs it "
    "for\",\n"
    "    \"real. What stands in taskDefinitions, services and calls is as ECS's API takes it.\"\n"
    "  ],\n"
    "\n"
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"1GiB\", \"boot\": \"2s\",\n"
    "    \"note\": \"or an EC2 type below, such as m5.large\" } },\n"
    "  \"instances\": [ { \"type\": \"box\", \"count\": 3, \"zones\": [ \"a\", \"b\" ] } ],\n"
    "\n"
    "  \"taskDefinitions\": [\n"
    "    {\n"
    "      \"family\": \"web\",\n"
    "      \"containerDefinitions\": [\n"
    "        {\n"
    "          \"name\": \"web\",\n"
    "          \"image\": \"web:1\",\n"
    "          \"cpu\": 256,\n"
    "          \"memory\": 128,\n"
    "          \"stopTimeout\": 2\n"
    "        }\n"
    "      ]\n"
    "    },\n"
    "    {\n"
    "      \"family\": \"web\",\n"
    "      \"containerDefinitions\": [\n"
    "        {\n"
    "          \"name\": \"web\",\n"
    "          \"image\": \"web:2\",\n"
    "          \"cpu\": 256,\n"
    "          \"memory\": 128,\n"
    "          \"stopTimeout\": 2\n"
    "        }\n"
    "      ]\n"
    "    }\n"
    "  ],\n"
    "  \"images\": { \"web:1\": { \"size\": \"40MiB\" }, \"web:2\": { \"size\": \"40MiB\" } },\n"
    "  \"behaviour\": {\n"
    "    \"note\": \"what a container does, by family/container: ready, work, idle, memory, "
    "exit\",\n"
    "    \"web/web\": { \"ready\": \"500ms\", \"memory\": \"32MiB\" }\n"
    "  },\n"
    "\n"
    "  \"services\": [\n"
    "    {\n"
    "      \"serviceName\": \"web\",\n"
    "      \"taskDefinition\": \"web:1\",\n"
    "      \"desiredCount\": 4,\n"
    "      \"placementStrategy\": [ { \"type\": \"spread\", \"field\": "
    "\"attribute:ecs.availability-zone\" } ]\n"
    "    }\n"
    "  ],\n"
    "  \"timeline\": [\n"
    "    { \"note\": \"web means the latest revision, web:2\", \"at\": \"10s\",\n"
    "      \"updateService\": { \"service\": \"web\", \"taskDefinition\": \"web\" } },\n"
    "    { \"at\": \"20s\", \"fault\": { \"killInstance\": \"i1\" } }\n"
    "  ],\n"
    "  \"until\": \"40s\",\n"
    "  \"rules\": { \"note\": \"ECS takes 40 s\", \"healthyAfter\": \"5s\" },\n"
    "\n"
    "  \"costs\": \"laptop\",\n"
    "  \"expect\": [ { \"at\": \"end\", \"service\": \"web\", \"running\": 4 } ]\n"
    "}\n";

static const char job_text[] =
    "{\n"
    "  \"berth\": \"scenario/1\",\n"
    "  \"title\": \"Jobs that wait for room\",\n"
    "  \"note\": [\n"
    "    \"berth validate FILE checks it, berth sim FILE simulates it, berth exec FILE runs it "
    "for\",\n"
    "    \"real. Without until, the run ends when no task is left.\"\n"
    "  ],\n"
    "\n"
    "  \"instanceTypes\": { \"box\": { \"vcpu\": 1, \"memory\": \"1GiB\", \"boot\": \"0s\",\n"
    "    \"note\": \"or an EC2 type below, such as m5.large\" } },\n"
    "  \"instances\": \"2xbox\",\n"
    "\n"
    "  \"taskDefinitions\": [\n"
    "    {\n"
    "      \"family\": \"job\",\n"
    "      \"containerDefinitions\": [\n"
    "        {\n"
    "          \"name\": \"fetch\",\n"
    "          \"image\": \"fetch:1\",\n"
    "          \"cpu\": 128,\n"
    "          \"memory\": 64,\n"
    "          \"essential\": false\n"
    "        },\n"
    "        {\n"
    "          \"name\": \"job\",\n"
    "          \"image\": \"job:1\",\n"
    "          \"cpu\": 384,\n"
    "          \"memory\": 128,\n"
    "          \"dependsOn\": [ { \"containerName\": \"fetch\", \"condition\": \"SUCCESS\" } ]\n"
    "        }\n"
    "      ]\n"
    "    }\n"
    "  ],\n"
    "  \"images\": { \"fetch:1\": { \"size\": \"10MiB\" }, \"job:1\": { \"size\": \"40MiB\" } },\n"
    "  \"behaviour\": {\n"
    "    \"note\": \"what a container does, by family/container: ready, work, idle, memory, "
    "exit\",\n"
    "    \"job/fetch\": { \"idle\": \"500ms\", \"exit\": 0 },\n"
    "    \"job/job\": { \"work\": \"2s\", \"memory\": \"16MiB\", \"exit\": 0 }\n"
    "  },\n"
    "\n"
    "  \"timeline\": [\n"
    "    { \"note\": \"wait: tasks without room wait for it, rather than being refused\", \"at\": "
    "\"1s\",\n"
    "      \"wait\": true, \"runTask\": { \"taskDefinition\": \"job\", \"count\": 6,\n"
    "        \"placementStrategy\": [ { \"type\": \"binpack\", \"field\": \"cpu\" } ] } }\n"
    "  ],\n"
    "\n"
    "  \"costs\": \"laptop\",\n"
    "  \"expect\": [ { \"task\": \"t6\", \"lastStatus\": \"STOPPED\" } ]\n"
    "}\n";

/* What ECS takes has no notes. */
static const char task_text[] =
    "{\n"
    "  \"family\": \"web\",\n"
    "  \"networkMode\": \"bridge\",\n"
    "  \"containerDefinitions\": [\n"
    "    {\n"
    "      \"name\": \"web\",\n"
    "      \"image\": \"web:1\",\n"
    "      \"cpu\": 256,\n"
    "      \"memory\": 256,\n"
    "      \"memoryReservation\": 128,\n"
    "      \"portMappings\": [ { \"containerPort\": 80 } ],\n"
    "      \"healthCheck\": { \"command\": [ \"CMD-SHELL\", \"true\" ] },\n"
    "      \"stopTimeout\": 5\n"
    "    }\n"
    "  ]\n"
    "}\n";

/* Writes a file that does not exist yet. */
static bool write_new(const char *path, const char *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t length = strlen(text), done = 0;

    if (fd < 0 && errno == EEXIST)
        return err_set(err, EXIT_INPUT, "%s exists and is left alone: name another file", path);
    if (fd < 0)
        return err_file(err, errno, "cannot write %s", path);
    while (done < length) {
        ssize_t n = write(fd, text + done, length - done);

        if (n < 0 && errno != EINTR) {
            err_errno(err, errno, "cannot write %s", path);
            close(fd);
            unlink(path);
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return true;
}

int cmd_new(int argc, char **argv)
{
    bool service = false, job = false, task = false;
    const struct option_row rows[] = {
        {.name = "service",
         .kind = OPTION_FLAG,
         .value = &service,
         .help = "a service, its next version and a fault (the default)"},
        {.name = "job", .kind = OPTION_FLAG, .value = &job, .help = "jobs that end by themselves"},
        {.name = "task",
         .kind = OPTION_FLAG,
         .value = &task,
         .help = "a bare ECS task definition, to run with --count and --instances"},
    };
    const struct options options = {
        .command = "new",
        .usage = "[FILE]",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 0,
        .operands_max = 1,
    };
    int n_operands, code;
    const char *path, *text;
    char *word;
    struct err err;

    if (!options_parse(&options, argc, argv, &n_operands, &code))
        return code;
    if (service + job + task > 1) {
        err_set(&err, EXIT_INPUT, "wanted at most one of --service, --job and --task");
        return err_report(&err);
    }
    path = n_operands ? argv[0] : "scenario.json";
    text = job ? job_text : task ? task_text : service_text;
    if (strcmp(path, "-") == 0) {
        fputs(text, stdout);
        return EXIT_FINE;
    }
    if (!write_new(path, text, &err))
        return err_report(&err);
    word = buffer_shell_word(path);
    fprintf(stderr, "%s is written; next: berth sim %s\n", path, word);
    free(word);
    return EXIT_FINE;
}
