/*
 * Three views of the same list. Gradescope's members: gradescope-autograders.readthedocs.io, "Autograder
 * Specifications"; check50's: cs50.readthedocs.io, "check50", `--output json`.
 */
#include "check_print.h"

const char *const check_format_names[] = {"text", "json", "gradescope", NULL};

/* "found 3 running, wanted 4": the reason in one line. */
static void add_reason(struct buffer *out, const struct check_result *result)
{
    buffer_add_text(out, result->rationale);
    if (result->actual[0])
        buffer_add(out, "; found %s", result->actual);
    if (result->expected[0])
        buffer_add(out, "; wanted %s", result->expected);
    if (result->outcome == CHECK_FAILED && result->help)
        buffer_add(out, "; %s", result->help);
}

static void add_line(struct buffer *out, const struct check_result *result)
{
    static const char *const marks[] = {[CHECK_FAILED] = "FAILED",
                                        [CHECK_PASSED] = "ok",
                                        [CHECK_NOT_RUN] = "not run",
                                        [CHECK_IMPOSSIBLE] = "left out"};

    buffer_add(out, "%-8s %d/%d  %s", marks[result->outcome],
               result->outcome == CHECK_PASSED ? result->points : 0,
               result->outcome == CHECK_IMPOSSIBLE ? 0 : result->points, result->name);
    if (result->outcome != CHECK_PASSED) {
        buffer_add_text(out, ": ");
        add_reason(out, result);
    } else if (result->about) {
        buffer_add(out, ": %s", result->about);
    }
    buffer_add_text(out, "\n");
}

static void add_text(struct buffer *out, const struct check_results *results)
{
    int score, most;

    check_score(results, &score, &most);
    for (int i = 0; i < results->n_results; i++)
        add_line(out, &results->results[i]);
    buffer_add(out, "score    %d of %d\n", score, most);
}

static void add_texts(struct buffer *out, const char *text)
{
    const char *separator = "";

    buffer_add_text(out, "[");
    while (text && *text) {
        const char *end = strchr(text, '\n');
        size_t length = end ? (size_t)(end - text) : strlen(text);
        struct buffer line = {0};

        buffer_add_bytes(&line, text, length);
        buffer_add_text(out, separator);
        buffer_add_json_string(out, line.text);
        buffer_finish(&line);
        separator = ", ";
        text += length + (end != NULL);
    }
    buffer_add_text(out, "]");
}

static void add_text_or_null(struct buffer *out, const char *name, const char *text)
{
    buffer_add(out, ", \"%s\": ", name);
    buffer_add_json_string(out, text && *text ? text : NULL);
}

static void add_cause(struct buffer *out, const struct check_result *result)
{
    if (result->outcome == CHECK_PASSED) {
        buffer_add_text(out, "null");
        return;
    }
    buffer_add_text(out, "{\"rationale\": ");
    buffer_add_json_string(out, result->rationale);
    add_text_or_null(out, "help", result->help);
    add_text_or_null(out, "expected", result->expected);
    add_text_or_null(out, "actual", result->actual);
    buffer_add_text(out, "}");
}

static const char *passed(const struct check_result *result)
{
    return result->outcome == CHECK_PASSED   ? "true"
           : result->outcome == CHECK_FAILED ? "false"
                                             : "null";
}

static void add_json(struct buffer *out, const struct check_results *results)
{
    int score, most;

    check_score(results, &score, &most);
    buffer_add_text(out, "{\"title\": ");
    buffer_add_json_string(out, results->title);
    buffer_add(out, ", \"score\": %d, \"max_score\": %d, \"seconds\": %.1f, \"results\": [", score,
               most, results->took);
    for (int i = 0; i < results->n_results; i++) {
        const struct check_result *result = &results->results[i];

        buffer_add(out, "%s\n {\"name\": ", i > 0 ? "," : "");
        buffer_add_json_string(out, result->name);
        add_text_or_null(out, "description", result->about);
        buffer_add(out, ", \"passed\": %s, \"points\": %d, \"max_points\": %d, \"cause\": ",
                   passed(result), result->outcome == CHECK_PASSED ? result->points : 0,
                   result->outcome == CHECK_IMPOSSIBLE ? 0 : result->points);
        add_cause(out, result);
        buffer_add_text(out, ", \"log\": ");
        add_texts(out, result->log.text);
        buffer_add_text(out, "}");
    }
    buffer_add_text(out, "\n]}\n");
}

static void add_gradescope_test(struct buffer *out, const struct check_result *result, int number)
{
    struct buffer reason = {0};

    add_reason(&reason, result);
    buffer_add_text(out, "{\"name\": ");
    buffer_add_json_string(out, result->name);
    buffer_add(out, ", \"number\": \"%d\", \"score\": %d, \"max_score\": %d, \"status\": \"%s\"",
               number, result->outcome == CHECK_PASSED ? result->points : 0,
               result->outcome == CHECK_IMPOSSIBLE ? 0 : result->points,
               result->outcome == CHECK_PASSED || result->outcome == CHECK_IMPOSSIBLE ? "passed"
                                                                                      : "failed");
    buffer_add_text(out, ", \"output\": ");
    buffer_add_json_string(
        out, result->outcome == CHECK_PASSED ? (result->about ? result->about : "") : reason.text);
    buffer_add_text(out, ", \"visibility\": \"visible\"}");
    buffer_finish(&reason);
}

static void add_gradescope(struct buffer *out, const struct check_results *results)
{
    struct buffer text = {0};
    int score, most;

    check_score(results, &score, &most);
    add_text(&text, results);
    buffer_add(out,
               "{\"score\": %d, \"visibility\": \"visible\", \"stdout_visibility\": \"hidden\", "
               "\"execution_time\": %.0f, \"output\": ",
               score, results->took);
    buffer_add_json_string(out, text.text);
    buffer_add(out, ", \"extra_data\": {\"max_score\": %d}, \"tests\": [", most);
    for (int i = 0; i < results->n_results; i++) {
        buffer_add(out, "%s\n ", i > 0 ? "," : "");
        add_gradescope_test(out, &results->results[i], i + 1);
    }
    buffer_add_text(out, "\n]}\n");
    buffer_finish(&text);
}

void check_print(struct buffer *out, const struct check_results *results, enum check_format format)
{
    if (format == CHECK_TEXT)
        add_text(out, results);
    else if (format == CHECK_JSON)
        add_json(out, results);
    else
        add_gradescope(out, results);
}
