/*
 * check.json and answers.json, mangled: bytes changed, cut and doubled. Whatever comes of it, a lab is
 * there exactly where there is no error, every error has its place in the file, and an answer is one
 * line at most. The same texts every time.
 */
#include "core/draw.h"
#include "file/lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 3000, TEXT_MAX = 2000, CHANGES_MAX = 4 };

static const char check[] =
    "{\"berth\":\"check/"
    "1\",\"title\":\"t\",\"checks\":[{\"name\":\"a\",\"about\":\"x\",\"points\":2,"
    "\"answered\":[\"q\",\"r\"],\"help\":\"h\"},{\"name\":\"b\",\"points\":1,\"needs\":[\"a\"],"
    "\"run\":{\"sim\":\"lab.json\",\"machines\":\"vms\",\"boot\":\"restore\",\"set\":{\"x.y\":"
    "\"1s\"},"
    "\"student\":true}},{\"name\":\"c\",\"points\":4,\"answer\":\"q\",\"value\":{\"sim\":\"lab."
    "json\","
    "\"what\":\"completion\"},\"factor\":1.5},{\"name\":\"d\",\"points\":8,\"needs\":[\"a\",\"b\"],"
    "\"answer\":\"r\",\"largest\":[{\"name\":\"v\",\"exec\":\"lab.json\",\"what\":\"startup\"},"
    "{\"name\":\"w\",\"sim\":\"lab.json\",\"what\":\"registration\"}]}]}";
static const char answers[] =
    "{ \"q\": \"1.5s\", \"r\": 12, \"s\": [\"\\u0000\"], \"t\": \"a\\nb\" }";

static const char bytes[] = "{}[]\":,\\0129.eE-+ \n\tatnul\x01\x7f\xc3\xff";

static uint64_t draw(int round, int n, uint64_t below)
{
    return draw_below(5, DRAW_PLACEMENT_RANDOM, round, n, below);
}

/* At most as long as the buffer takes. */
static void mangle(const char *from, int round, char text[TEXT_MAX])
{
    size_t length = strlen(from);

    memcpy(text, from, length + 1);
    for (int i = (int)draw(round, 0, CHANGES_MAX) + 1; i > 0 && length > 2; i--) {
        size_t at = draw(round, 10 * i, length), n = draw(round, 10 * i + 1, 20) + 1;

        switch (draw(round, 10 * i + 2, 3)) {
        case 0:
            text[at] = bytes[draw(round, 10 * i + 3, sizeof bytes - 1)];
            break;
        case 1: /* cut */
            n = n < length - at ? n : length - at;
            memmove(text + at, text + at + n, length - at - n + 1);
            length -= n;
            break;
        default: /* doubled */
            n = n < length - at ? n : length - at;
            if (length + n < TEXT_MAX) {
                memmove(text + at + n, text + at, length - at + 1);
                length += n;
            }
        }
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void try_check(const char *folder, const char *text)
{
    struct findings findings = {0};
    struct lab *lab = lab_load(folder, &findings);

    cr_assert((lab == NULL) == (findings.n_errors > 0), "%s", text);
    for (int i = 0; i < findings.n_list; i++) {
        cr_assert(findings.list[i].line > 0 && findings.list[i].column > 0, "%s", text);
        cr_assert(strchr(findings.list[i].text, '\n') == NULL, "%s", text);
    }
    if (lab)
        lab_destroy(lab);
    findings_finish(&findings);
}

static void try_answers(const char *path, const char *text)
{
    static const char *const names[] = {"q", "r", "s", "t", "", "none"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct lab_answer answer;
        struct err err = {0};

        if (!lab_read_answer(path, names[i], &answer, &err))
            cr_assert(err.text[0] != '\0', "%s", text);
        else if (answer.given)
            cr_assert(answer.text[0] && memchr(answer.text, '\0', ANSWER_TEXT_MAX), "%s", text);
    }
}

Test(lab_fuzz, mangled_files_are_refused_or_understood)
{
    char folder[] = "/tmp/berth-lab-fuzz-XXXXXX", path[64], answers_path[64], text[TEXT_MAX];

    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/check.json", folder);
    snprintf(answers_path, sizeof answers_path, "%s/answers.json", folder);
    for (int round = 0; round < ROUNDS; round++) {
        mangle(check, 2 * round, text);
        write_text(path, text);
        try_check(folder, text);
        mangle(answers, 2 * round + 1, text);
        write_text(answers_path, text);
        try_answers(answers_path, text);
    }
    unlink(path);
    unlink(answers_path);
    rmdir(folder);
}
