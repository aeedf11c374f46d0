/*
 * The parser of cluster queries: one function per rule of the grammar in query.h, which writes the
 * program as it reads. The query keeps a copy of the expression in which names and arguments are
 * ended in place; reading goes over the original.
 */
#include "core/array.h"
#include "core/literal.h"
#include "core/query.h"
#include "core/query_program.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTRIBUTE_NAME_MAX 128

#define WHITE " \t\r\n"
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_CHARACTERS LETTERS DIGITS "-_./\\"

struct parser {
    const char *text; /* the whole expression */
    const char *at;
    int nesting;
    struct query *query;
    struct query_error *error;
};

static const struct spelling {
    const char *text;
    enum query_operator relation;
} spellings[] = {
    {"==", OPERATOR_EQUALS},
    {"equals", OPERATOR_EQUALS},
    {"!=", OPERATOR_NOT_EQUALS},
    {"not_equals", OPERATOR_NOT_EQUALS},
    {">=", OPERATOR_GREATER_EQUAL},
    {"greater_than_equal", OPERATOR_GREATER_EQUAL},
    {">", OPERATOR_GREATER},
    {"greater_than", OPERATOR_GREATER},
    {"<=", OPERATOR_LESS_EQUAL},
    {"less_than_equal", OPERATOR_LESS_EQUAL},
    {"<", OPERATOR_LESS},
    {"less_than", OPERATOR_LESS},
    {"exists", OPERATOR_EXISTS},
    {"!exists", OPERATOR_NOT_EXISTS},
    {"not_exists", OPERATOR_NOT_EXISTS},
    {"in", OPERATOR_IN},
    {"!in", OPERATOR_NOT_IN},
    {"not_in", OPERATOR_NOT_IN},
    {"=~", OPERATOR_MATCHES},
    {"matches", OPERATOR_MATCHES},
    {"!~", OPERATOR_NOT_MATCHES},
    {"not_matches", OPERATOR_NOT_MATCHES},
};
#define SPELLINGS (sizeof spellings / sizeof *spellings)

/* Counts characters of UTF-8: every byte but the continuations. */
static int count_characters(const char *from, const char *to)
{
    int n = 0;

    for (; from < to; from++)
        n += ((unsigned char)*from & 0xc0) != 0x80;
    return n;
}

static bool fail(struct parser *parser, const char *at, const char *text)
{
    parser->error->column = count_characters(parser->text, at) + 1;
    parser->error->wanted = QUERY_WANTED_OTHER;
    snprintf(parser->error->text, sizeof parser->error->text, "%s", text);
    return false;
}

/* "expected WANTED, found ..." with what stands at `at`. */
static bool expected(struct parser *parser, const char *at, const char *wanted)
{
    size_t length = strcspn(at, WHITE);
    size_t shown = length > 40 ? 37 : length;
    char text[sizeof parser->error->text];

    while (shown < length && ((unsigned char)at[shown] & 0xc0) == 0x80)
        shown--;
    if (*at == 0)
        snprintf(text, sizeof text, "expected %s, found the end", wanted);
    else
        snprintf(text, sizeof text, "expected %s, found '%.*s%s'", wanted, (int)shown, at,
                 shown < length ? "..." : "");
    return fail(parser, at, text);
}

static bool expected_word(struct parser *parser, const char *at, enum query_wanted which,
                          const char *wanted)
{
    expected(parser, at, wanted);
    parser->error->wanted = which;
    return false;
}

static void skip_white(struct parser *parser)
{
    parser->at += strspn(parser->at, WHITE);
}

/* Takes `mark` where it stands next. */
static bool take(struct parser *parser, const char *mark)
{
    size_t length = strlen(mark);

    skip_white(parser);
    if (strncmp(parser->at, mark, length) != 0)
        return false;
    parser->at += length;
    return true;
}

/* Takes `word` where it stands next and is the whole word. */
static bool take_word(struct parser *parser, const char *word)
{
    size_t length = strlen(word);

    skip_white(parser);
    if (strspn(parser->at, NAME_CHARACTERS ":") != length || strncmp(parser->at, word, length) != 0)
        return false;
    parser->at += length;
    return true;
}

/* The query's own text for a part of the expression. */
static const char *keep(struct parser *parser, const char *from, size_t length)
{
    char *kept = parser->query->text + (from - parser->text);

    kept[length] = 0;
    return kept;
}

static int add_step(struct query *query, enum step_kind kind, int operand)
{
    *ARRAY_ADD(query, steps) = (struct step){kind, operand};
    return query->n_steps - 1;
}

static bool read_attribute_name(struct parser *parser, struct comparison *comparison)
{
    size_t length = strspn(parser->at, NAME_CHARACTERS);

    if (length == 0)
        return expected(parser, parser->at, "the name of an attribute");
    if (length > ATTRIBUTE_NAME_MAX)
        return fail(parser, parser->at, "an attribute's name has at most 128 characters");
    comparison->attribute = keep(parser, parser->at, length);
    parser->at += length;
    return true;
}

static bool read_subject(struct parser *parser, struct comparison *comparison)
{
    if (take(parser, query_subjects[SUBJECT_ATTRIBUTE].name)) {
        comparison->subject = SUBJECT_ATTRIBUTE;
        return read_attribute_name(parser, comparison);
    }
    for (int i = SUBJECT_ATTRIBUTE + 1; i < QUERY_SUBJECTS; i++) {
        if (take_word(parser, query_subjects[i].name)) {
            comparison->subject = (enum query_subject_kind)i;
            return true;
        }
    }
    return expected_word(parser, parser->at, QUERY_WANTED_SUBJECT,
                         "a subject (attribute:NAME, agentConnected, agentVersion, ec2InstanceId, "
                         "registeredAt, runningTasksCount or task:group)");
}

/* The spelling that stands next: a word is compared whole, of signs the longest counts. */
static const struct spelling *find_spelling(const char *at)
{
    size_t sign = *at == '!' && strspn(at + 1, LETTERS) > 0;
    size_t word = strspn(at + sign, NAME_CHARACTERS);

    for (size_t i = 0; i < SPELLINGS; i++) {
        size_t length = strlen(spellings[i].text);

        if ((word == 0 || length == sign + word) && strncmp(at, spellings[i].text, length) == 0)
            return &spellings[i];
    }
    return NULL;
}

/* The operators that the subject takes, in the first spelling of each. */
static int list_operators(const struct query_subject *subject, const char **words)
{
    unsigned named = 0;
    int n = 0;

    for (size_t i = 0; i < SPELLINGS; i++) {
        unsigned bit = 1u << spellings[i].relation;

        if (subject->takes & bit & ~named)
            words[n++] = spellings[i].text;
        named |= bit;
    }
    return n;
}

static bool refuse_operator(struct parser *parser, const char *at, enum query_subject_kind subject)
{
    char text[sizeof parser->error->text];
    const char *words[SPELLINGS];
    int n = list_operators(&query_subjects[subject], words);
    int length =
        snprintf(text, sizeof text, "%s takes only these operators:", query_subjects[subject].name);

    for (int i = 0; i < n && length < (int)sizeof text; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, " %s", words[i]);
    return fail(parser, at, text);
}

static bool read_operator(struct parser *parser, struct comparison *comparison)
{
    const struct spelling *spelling;

    skip_white(parser);
    spelling = find_spelling(parser->at);
    if (!spelling)
        return expected_word(
            parser, parser->at, QUERY_WANTED_OPERATOR,
            "an operator (==, !=, >, >=, <, <=, exists, !exists, in, !in, =~ or !~)");
    if (!(query_subjects[comparison->subject].takes & 1u << spelling->relation))
        return refuse_operator(parser, parser->at, comparison->subject);
    comparison->relation = spelling->relation;
    parser->at += strlen(spelling->text);
    return true;
}

static bool is_pattern(const struct comparison *comparison)
{
    return comparison->relation == OPERATOR_MATCHES || comparison->relation == OPERATOR_NOT_MATCHES;
}

static bool is_list(const struct comparison *comparison)
{
    return comparison->relation == OPERATOR_IN || comparison->relation == OPERATOR_NOT_IN;
}

/* The length of the bare argument at `at`. A pattern's own signs are many; a value has none. */
static size_t measure_bare(const char *at, bool pattern)
{
    const char *ends = pattern ? WHITE "()'\"" : WHITE "()'\"[],=<>!~&|";
    size_t length = strcspn(at, ends);

    for (size_t i = 0; pattern && i < length; i++)
        if (strncmp(at + i, "&&", 2) == 0 || strncmp(at + i, "||", 2) == 0)
            return i;
    return length;
}

static bool is_reserved(const char *at, size_t length)
{
    return (length == 2 && strncmp(at, "or", 2) == 0) ||
           (length == 3 && (strncmp(at, "and", 3) == 0 || strncmp(at, "not", 3) == 0));
}

static bool read_quoted(struct parser *parser, const char **start, size_t *length)
{
    const char *end = strchr(parser->at + 1, *parser->at);

    if (!end)
        return fail(parser, parser->at, "this quote is never closed");
    *start = parser->at + 1;
    *length = (size_t)(end - *start);
    parser->at = end + 1;
    return true;
}

static bool read_bare(struct parser *parser, bool pattern, const char **start, size_t *length)
{
    *start = parser->at;
    *length = measure_bare(parser->at, pattern);
    if (parser->at[*length] == '(')
        return fail(parser, parser->at + *length,
                    "a parenthesis inside an argument: put the argument in quotes");
    if (is_reserved(*start, *length))
        return fail(parser, parser->at,
                    "expected an argument, found an operator: put it in quotes if it is one");
    if (*length == 0 && *parser->at == '[')
        return fail(parser, parser->at, "a list belongs to in and !in only");
    if (*length == 0)
        return expected(parser, parser->at, "an argument");
    parser->at += *length;
    return true;
}

/* What the subject's type asks of an argument. */
static bool check_argument(struct parser *parser, const struct comparison *comparison,
                           struct argument *argument, const char *at)
{
    switch (comparison->subject) {
    case SUBJECT_AGENT_CONNECTED:
        return is_pattern(comparison) || strcmp(argument->text, "true") == 0 ||
               strcmp(argument->text, "false") == 0 ||
               expected_word(parser, at, QUERY_WANTED_TRUTH, "true or false");
    case SUBJECT_AGENT_VERSION:
        return literal_is_version(argument->text) ||
               expected(parser, at, "a version such as 1.14.5");
    case SUBJECT_REGISTERED_AT:
        return literal_date(argument->text, &argument->number) ||
               expected(parser, at, "a date such as 2018-06-18 or 2018-06-18T22:28:28Z");
    case SUBJECT_RUNNING_TASKS:
        return literal_count(argument->text, &argument->number) ||
               expected(parser, at, "a whole number, 0 or more");
    default:
        return true;
    }
}

static bool compile_pattern(struct parser *parser, struct comparison *comparison, const char *at,
                            const char *text)
{
    struct pattern_error error;

    comparison->pattern = pattern_compile(text, &error);
    return comparison->pattern || fail(parser, at + error.offset, error.text);
}

static bool read_argument(struct parser *parser, struct comparison *comparison)
{
    struct argument argument = {0};
    const char *start;
    size_t length;
    bool quoted;

    skip_white(parser);
    quoted = *parser->at == '\'' || *parser->at == '"';
    if (!(quoted ? read_quoted(parser, &start, &length)
                 : read_bare(parser, is_pattern(comparison), &start, &length)))
        return false;
    argument.text = keep(parser, start, length);
    if (!check_argument(parser, comparison, &argument, quoted ? start - 1 : start))
        return false;
    if (is_pattern(comparison) && !compile_pattern(parser, comparison, start, argument.text))
        return false;
    *ARRAY_ADD(parser->query, arguments) = argument;
    comparison->n_arguments++;
    return true;
}

static bool read_list(struct parser *parser, struct comparison *comparison)
{
    if (!take(parser, "["))
        return expected(parser, parser->at, "a list such as [a, b]");
    do {
        if (!read_argument(parser, comparison))
            return false;
    } while (take(parser, ","));
    return take(parser, "]") || expected(parser, parser->at, "',' or ']'");
}

static bool read_arguments(struct parser *parser, struct comparison *comparison)
{
    comparison->first_argument = parser->query->n_arguments;
    if (is_list(comparison))
        return read_list(parser, comparison);
    if (TAKES_EXISTENCE & 1u << comparison->relation)
        return true;
    return read_argument(parser, comparison);
}

static bool read_comparison(struct parser *parser)
{
    struct comparison comparison = {0};

    if (!read_subject(parser, &comparison) || !read_operator(parser, &comparison) ||
        !read_arguments(parser, &comparison)) {
        pattern_destroy(comparison.pattern);
        return false;
    }
    *ARRAY_ADD(parser->query, comparisons) = comparison;
    add_step(parser->query, STEP_COMPARE, parser->query->n_comparisons - 1);
    return true;
}

static bool read_expression(struct parser *parser);

static bool read_parentheses(struct parser *parser, const char *opened)
{
    if (!read_expression(parser))
        return false;
    if (take(parser, ")"))
        return true;
    if (*parser->at == 0)
        return fail(parser, opened, "this parenthesis is never closed");
    return expected_word(parser, parser->at, QUERY_WANTED_CONNECTIVE, "'and', 'or' or ')'");
}

static bool read_factor(struct parser *parser)
{
    const char *start;
    bool done;

    skip_white(parser);
    start = parser->at;
    if (++parser->nesting > QUERY_NESTING_MAX)
        return fail(parser, start, "more than 100 parentheses and nots in each other");
    if (take(parser, "!") || take_word(parser, "not")) {
        done = read_factor(parser);
        add_step(parser->query, STEP_INVERT, 0);
    } else if (take(parser, "(")) {
        done = read_parentheses(parser, start);
    } else {
        done = read_comparison(parser);
    }
    parser->nesting--;
    return done;
}

/* A chain of what `read` reads, where the rest is jumped over as soon as it cannot matter. */
static bool read_chain(struct parser *parser, bool (*read)(struct parser *), const char *word,
                       const char *signs, enum step_kind jump)
{
    struct query *query = parser->query;

    if (!read(parser))
        return false;
    while (take(parser, signs) || take_word(parser, word)) {
        int jump_at = add_step(query, jump, 0);

        if (!read(parser))
            return false;
        query->steps[jump_at].operand = query->n_steps;
    }
    return true;
}

static bool read_term(struct parser *parser)
{
    return read_chain(parser, read_factor, "and", "&&", STEP_JUMP_IF_FALSE);
}

static bool read_expression(struct parser *parser)
{
    return read_chain(parser, read_term, "or", "||", STEP_JUMP_IF_TRUE);
}

static bool read_all(struct parser *parser)
{
    if (count_characters(parser->text, parser->text + strlen(parser->text)) > QUERY_LENGTH_MAX) {
        fail(parser, parser->text, "an expression has at most 2000 characters");
        parser->error->column = QUERY_LENGTH_MAX + 1;
        return false;
    }
    if (!read_expression(parser))
        return false;
    skip_white(parser);
    if (*parser->at == ')')
        return fail(parser, parser->at, "no parenthesis is open here");
    return *parser->at == 0 ||
           expected_word(parser, parser->at, QUERY_WANTED_CONNECTIVE, "'and', 'or' or the end");
}

int query_words(enum query_wanted wanted, const char **words)
{
    static const char *const connectives[] = {"and", "or", "&&", "||"};
    int n = 0;

    _Static_assert(SPELLINGS <= QUERY_WORDS_MAX, "all operators fit");
    if (wanted == QUERY_WANTED_SUBJECT) {
        for (; n < QUERY_SUBJECTS; n++)
            words[n] = query_subjects[n].name;
    } else if (wanted == QUERY_WANTED_OPERATOR) {
        for (; n < (int)SPELLINGS; n++)
            words[n] = spellings[n].text;
    } else if (wanted == QUERY_WANTED_CONNECTIVE) {
        for (; n < (int)(sizeof connectives / sizeof *connectives); n++)
            words[n] = connectives[n];
    } else if (wanted == QUERY_WANTED_TRUTH) {
        words[n++] = "true";
        words[n++] = "false";
    }
    return n;
}

int query_operators(const char *subject, const char **words)
{
    for (int i = 0; i < QUERY_SUBJECTS; i++)
        if (strcmp(query_subjects[i].name, subject) == 0)
            return list_operators(&query_subjects[i], words);
    return 0;
}

struct query *query_parse(const char *text, struct query_error *error)
{
    struct query *query = calloc(1, sizeof *query);
    struct parser parser = {.text = text, .at = text, .query = query, .error = error};

    assert(query != NULL);
    query->text = strdup(text);
    assert(query->text != NULL);
    if (read_all(&parser))
        return query;
    query_destroy(query);
    return NULL;
}
