/*
 * What a container executes, by Docker's rules for images and definitions.
 */
#include "exec/command_line.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char *layers[] = {(char *)"/layer1", (char *)"/layer2", NULL};
static char *entrypoint[] = {(char *)"/entry", NULL};
static char *cmd[] = {(char *)"image-cmd", NULL};
static char *env[] = {(char *)"A=image", (char *)"B=image", (char *)"AB=image", NULL};

static struct image image;

static void set_up(void)
{
    image = (struct image){.layers = layers,
                           .entrypoint = entrypoint,
                           .cmd = cmd,
                           .env = env,
                           .working_dir = (char *)"/image",
                           .user = (char *)"nginx"};
}

TestSuite(command_line, .init = set_up);

static const char *joined(const char *const *list)
{
    static char text[1024];

    text[0] = '\0';
    for (int i = 0; list[i]; i++) {
        strcat(text, i ? " " : "");
        strcat(text, list[i]);
    }
    return text;
}

static void make(struct command_line *line, struct plan_container *plan,
                 const struct duty_container *duty)
{
    static const struct duty_container nothing;

    command_line_make(line, plan, &image, "/work-layer", duty ? duty : &nothing);
}

Test(command_line, entry_point_and_command)
{
    static struct text own_entry[] = {{(char *)"/own"}, {(char *)"-x"}};
    static struct text own_command[] = {{(char *)"own-cmd"}};
    static const struct {
        int n_entry, n_command;
        const char *argv;
    } cases[] = {
        {0, 0, "/entry image-cmd"},
        {0, 1, "/entry own-cmd"},
        {2, 0, "/own -x"}, /* a new entry point drops the image's command */
        {2, 1, "/own -x own-cmd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan_container plan = {.layout = (char *)"/layout",
                                      .n_entry_point = cases[i].n_entry,
                                      .entry_point = own_entry,
                                      .n_command = cases[i].n_command,
                                      .command = own_command};
        struct command_line line;

        make(&line, &plan, NULL);
        cr_expect(strcmp(joined(line.argv), cases[i].argv) == 0, "case %zu: %s", i,
                  joined(line.argv));
        command_line_finish(&line);
    }
}

Test(command_line, the_definition_wins)
{
    struct text environment[] = {{(char *)"B=own"}, {(char *)"C="}};
    struct plan_container plan = {.layout = (char *)"/layout",
                                  .n_environment = 2,
                                  .environment = environment,
                                  .working_directory = (char *)"/own"};
    struct command_line line;

    make(&line, &plan, NULL);
    cr_expect(strcmp(joined(line.env), "A=image AB=image B=own C=") == 0, "%s", joined(line.env));
    cr_expect(strcmp(line.cwd, "/own") == 0);
    cr_expect(strcmp(line.user, "nginx") == 0);
    cr_expect(strcmp(joined(line.layers), "/layer1 /layer2") == 0);
    command_line_finish(&line);
    image.working_dir = (char *)"";
    image.user = (char *)"";
    plan.working_directory = NULL;
    make(&line, &plan, NULL);
    cr_expect(line.cwd == NULL && line.user == NULL);
    command_line_finish(&line);
}

Test(command_line, behaviour_is_performed)
{
    const struct duty_container duty = {.ready_usec = 300000,
                                        .work_usec = 2000000,
                                        .threads = 2,
                                        .idle_usec = INT64_MAX,
                                        .memory_bytes = 1024,
                                        .exit_code = 3,
                                        .stop_usec = 5};
    const struct duty_container nothing = {0};
    struct plan_container plan = {.layout = (char *)"/layout", .performs = true};
    struct command_line line;

    make(&line, &plan, &duty);
    cr_expect(strcmp(joined(line.argv),
                     "/berth-work --memory 1024 --ready 300000 --work 2000000 --threads 2 "
                     "--idle forever --exit 3 --stop 5") == 0,
              "%s", joined(line.argv));
    cr_expect(strcmp(joined(line.layers), "/layer1 /layer2 /work-layer") == 0, "over the image");
    cr_expect(strcmp(line.user, "nginx") == 0, "the image knows its users");
    command_line_finish(&line);
    plan.layout = NULL;
    make(&line, &plan, &nothing);
    cr_expect(strcmp(joined(line.argv), "/bin/berth-work") == 0, "%s", joined(line.argv));
    cr_expect(strcmp(joined(line.layers), "/layer1 /layer2") == 0, "a stand-in has it already");
    cr_expect(line.user == NULL, "a stand-in does not know an image's users");
    command_line_finish(&line);
}
