/*
 * check.json and answers.json, good and bad.
 */
#include "file/lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/berth-lab-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/check.json", folder);
    remove(path);
    snprintf(path, sizeof path, "%s/answers.json", folder);
    remove(path);
    rmdir(folder);
}

TestSuite(lab, .init = make_folder, .fini = remove_folder);

static const char *write_file(const char *name, const char *text)
{
    static char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* The first error of a check.json. */
static void expect_error(const char *text, const char *wanted)
{
    struct findings findings = {0};
    struct lab *lab;

    write_file("check.json", text);
    lab = lab_load(folder, &findings);
    cr_expect_null(lab);
    cr_assert(findings.n_list > 0, "no error about %s", text);
    cr_expect(strstr(findings.list[0].text, wanted), "wanted %s, got %s", wanted,
              findings.list[0].text);
    if (lab)
        lab_destroy(lab);
    findings_finish(&findings);
}

Test(lab, the_same_run_is_made_once)
{
    struct findings findings = {0};
    struct lab *lab;

    write_file(
        "check.json",
        "{ \"berth\": \"check/1\", \"checks\": ["
        "{ \"name\": \"a\", \"run\": { \"sim\": \"x.json\", \"set\": { \"seed\": \"2\" } } },"
        "{ \"name\": \"b\", \"needs\": [ \"a\" ], \"points\": 3, \"answer\": \"q\", \"ratio\": ["
        "  { \"sim\": \"x.json\", \"set\": { \"seed\": \"2\" }, \"what\": \"startup\" },"
        "  { \"sim\": \"x.json\", \"what\": \"makespan\" } ] } ] }");
    lab = lab_load(folder, &findings);
    cr_assert_not_null(lab, "%s", findings.n_list ? findings.list[0].text : "");
    cr_expect_eq(lab->n_runs, 2);
    cr_expect_str_eq(lab->runs[0].sets[0], "seed=2");
    cr_expect_eq(lab->n_checks, 2);
    cr_expect_eq(lab->checks[1].kind, LAB_RATIO);
    cr_expect_eq(lab->checks[1].measures[0].run, 0);
    cr_expect_eq(lab->checks[1].measures[1].run, 1);
    cr_expect_eq(lab->checks[1].measures[1].total, TOTAL_MAKESPAN);
    cr_expect_eq(lab->checks[1].needs[0], 0);
    cr_expect_eq(lab->checks[1].points, 3);
    cr_expect_str_eq(lab->answers, "answers.json");
    lab_destroy(lab);
    findings_finish(&findings);
}

Test(lab, mistakes_are_named_with_their_place)
{
    expect_error("{ \"berth\": \"check/1\", \"checks\": [ { \"name\": \"a\" } ] }",
                 "checks[0]: say one of \"run\", \"answered\" and \"answer\"");
    expect_error("{ \"berth\": \"check/1\", \"checks\": [ { \"name\": \"a\", \"run\": { } } ] }",
                 "say either \"sim\" or \"exec\"");
    expect_error("{ \"berth\": \"check/1\", \"checks\": [ { \"name\": \"a\", \"run\": { \"sim\": "
                 "\"../../etc/passwd\" } } ] }",
                 "is not the name of a file in the folder");
    expect_error("{ \"berth\": \"check/1\", \"checks\": [ { \"name\": \"a\", \"needs\": [ \"b\" ], "
                 "\"answered\": [ \"q\" ] } ] }",
                 "no check above this one is called \"b\"");
    expect_error("{ \"berth\": \"check/1\", \"checks\": [ { \"name\": \"a\", \"answer\": \"q\", "
                 "\"value\": { \"sim\": \"x.json\", \"what\": \"startupp\" } } ] }",
                 "startup");
    expect_error("{ \"berth\": \"check/1\", \"checks\": [] }", "nothing to check");
    expect_error("[ ]", "check.json:1:1");
}

Test(lab, an_answer_is_a_text_or_a_number_that_says_something)
{
    const char *path = write_file("answers.json", "{ \"a\": \"3s\", \"b\": 12, \"c\": \"\", \"d\": "
                                                  "\"?\", \"e\": [ 1 ], \"f\": 1.5 }");
    struct lab_answer answer;
    struct err err;

    cr_assert(lab_read_answer(path, "a", &answer, &err));
    cr_expect(answer.given);
    cr_expect_str_eq(answer.text, "3s");
    cr_assert(lab_read_answer(path, "b", &answer, &err));
    cr_expect_str_eq(answer.text, "12");
    cr_assert(lab_read_answer(path, "f", &answer, &err));
    cr_expect_str_eq(answer.text, "1.5");
    for (const char *name = "cdez"; *name; name++) {
        cr_assert(lab_read_answer(path, (const char[]){*name, '\0'}, &answer, &err));
        cr_expect_not(answer.given, "%c", *name);
    }
}

Test(lab, answers_that_cannot_be_read_are_an_error)
{
    struct lab_answer answer;
    struct err err;

    cr_expect_not(lab_read_answer(write_file("answers.json", "{ \"a\": "), "a", &answer, &err));
    cr_expect(strstr(err.text, "answers.json:1"), "%s", err.text);
    cr_expect_not(lab_read_answer(write_file("answers.json", "[ 1 ]"), "a", &answer, &err));
    cr_expect_eq(err.code, EXIT_ANSWER);
}
