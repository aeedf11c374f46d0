/*
 * The tables of load: where requests come from, how they are spread over time, how a container serves
 * them.
 */
#include "file/grammar.h"

#include <stddef.h>

static const struct grammar_member flow_members[] = {
    {"rate", SHAPE_REQUEST_RATE, .required = true, .about = "such as \"200/s\""},
    {.name = NULL},
};
const struct grammar flow_grammar = {"a steady flow", .members = flow_members};

static const struct grammar_member sine_members[] = {
    {"low", SHAPE_REQUEST_RATE, .required = true, .about = "the rate at its beginning"},
    {"high", SHAPE_REQUEST_RATE, .required = true, .about = "the rate half a period later"},
    {"period", SHAPE_DURATION, .required = true, .about = "such as \"24h\""},
    {.name = NULL},
};
const struct grammar sine_grammar = {"a sine", .members = sine_members};

static const struct grammar_member rate_step_members[] = {
    {"at", SHAPE_DURATION, .required = true, .about = "from then on; the first is at 0s"},
    {"rate", SHAPE_REQUEST_RATE, .required = true, .about = "such as \"200/s\""},
    {.name = NULL},
};
const struct grammar rate_step_grammar = {"a step of a rate", .members = rate_step_members};

const char *const arrival_spacing_names[] = {"poisson", "even", NULL};

static const struct grammar_member arrivals_members[] = {
    {"poisson", SHAPE_OBJECT, .of = &flow_grammar,
     .about = "independent of each other, at one rate"},
    {"constant", SHAPE_OBJECT, .of = &flow_grammar, .about = "equally far apart, at one rate"},
    {"sine", SHAPE_OBJECT, .of = &sine_grammar, .about = "a rate that rises and falls"},
    {"steps", SHAPE_RATE_STEPS, .of = &rate_step_grammar,
     .about = "a rate that changes, or the name of a CSV file with a time and a rate a line, such "
              "as 60s,200/s; numbers without units are seconds and requests a second"},
    {"period", SHAPE_DURATION, .about = "steps: they begin anew after it; default: never"},
    {"spacing", SHAPE_CHOICE, .values = arrival_spacing_names,
     .about = "sine and steps: \"poisson\" or \"even\"; default \"poisson\""},
    {.name = NULL},
};
const struct grammar arrivals_grammar = {"arrivals",
                                         "Exactly one of poisson, constant, sine and steps. "
                                         "Requests come at their times, whatever becomes "
                                         "of those before them (open loop).",
                                         .members = arrivals_members};

const char *const load_level_names[] = {"auto", "request", "rate", NULL};

static const struct grammar_member load_members[] = {
    {"service", SHAPE_TEXT, .about = "the service whose target groups get the requests"},
    {"targetGroup", SHAPE_TEXT, .about = "or one target group, by name"},
    {"arrivals", SHAPE_OBJECT, .of = &arrivals_grammar, .required = true,
     .about = "when requests come"},
    {"from", SHAPE_DURATION, .about = "when the arrivals' time begins; default 0s"},
    {"to", SHAPE_DURATION, .about = "nobody comes from then on; default: the end of the run"},
    {"timeout", SHAPE_DURATION, .about = "the client gives up; default 60s"},
    {.name = NULL},
};
const struct grammar load_grammar = {
    "load",
    "A source of requests. In the timeline it replaces those that its service or target group had "
    "before, and its time begins there.",
    .members = load_members};

static const struct grammar_member request_members[] = {
    {"work", SHAPE_DISTRIBUTION, .about = "CPU time; default 0s"},
    {"wait", SHAPE_DISTRIBUTION,
     .about = "further time without the CPU (a database, a disk); default 0s"},
    {"concurrency", SHAPE_NUMBER, .about = "requests served at once; default 16"},
    {"queue", SHAPE_NUMBER,
     .about = "requests that wait in line; beyond it they get 503; default 1000"},
    {.name = NULL},
};
const struct grammar request_grammar = {"a request",
                                        "What serving one takes. A container serves while it "
                                        "idles; SIGTERM ends it at once, and with it "
                                        "what it serves.",
                                        .members = request_members};
