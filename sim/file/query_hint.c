/*
 * The word that stands at the error is looked up among habits, then compared with what may stand there.
 */
#include "file/query_hint.h"

#include "core/query.h"
#include "file/nearest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 64
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:"

/* What other languages say, in whatever letters, and what this one says for it. Connectives are known from here
 * alone, never by their likeness: the second word of a value without quotes stands there just as often. */
static const struct {
    enum query_wanted wanted;
    const char *word, *meant;
} habits[] = {
    {QUERY_WANTED_OPERATOR, "=", "=="},
    {QUERY_WANTED_OPERATOR, ":", "=="},
    {QUERY_WANTED_OPERATOR, "is", "=="},
    {QUERY_WANTED_OPERATOR, "eq", "=="},
    {QUERY_WANTED_OPERATOR, "ne", "!="},
    {QUERY_WANTED_OPERATOR, "=>", ">="},
    {QUERY_WANTED_OPERATOR, "=<", "<="},
    {QUERY_WANTED_OPERATOR, "before", "<"},
    {QUERY_WANTED_OPERATOR, "after", ">"},
    {QUERY_WANTED_OPERATOR, "gt", ">"},
    {QUERY_WANTED_OPERATOR, "lt", "<"},
    {QUERY_WANTED_OPERATOR, "like", "=~"},
    {QUERY_WANTED_OPERATOR, "~", "=~"},
    {QUERY_WANTED_OPERATOR, "~=", "=~"},
    {QUERY_WANTED_OPERATOR, "not", "not_in, or not before the subject"},
    {QUERY_WANTED_OPERATOR, "!", "!in, or ! before the subject"},
    {QUERY_WANTED_SUBJECT, "not", "not"},
    {QUERY_WANTED_CONNECTIVE, "and", "and"},
    {QUERY_WANTED_CONNECTIVE, "or", "or"},
    {QUERY_WANTED_CONNECTIVE, "&", "&&"},
    {QUERY_WANTED_CONNECTIVE, "|", "||"},
    {QUERY_WANTED_CONNECTIVE, ",", "and"},
    {QUERY_WANTED_TRUTH, "yes", "true"},
    {QUERY_WANTED_TRUTH, "no", "false"},
    {QUERY_WANTED_TRUTH, "1", "true"},
    {QUERY_WANTED_TRUTH, "0", "false"},
};

static const char *at_column(const char *text, int column)
{
    for (; column > 1 && *text; column--)
        do
            text++;
        while (((unsigned char)*text & 0xc0) == 0x80);
    return text;
}

/* The word or the signs there. */
static void word_at(const char *at, char *word)
{
    size_t length;

    at += strspn(at, "'\"");
    length = strspn(at, LETTERS);
    if (length == 0)
        length = strspn(at, "=<>!~&|,");
    snprintf(word, WORD_MAX, "%.*s", (int)(length < WORD_MAX ? length : 0), at);
}

static const char *habit_of(enum query_wanted wanted, const char *word)
{
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (habits[i].wanted == wanted && strcasecmp(habits[i].word, word) == 0)
            return habits[i].meant;
    return NULL;
}

/* A word behind "attribute" or "attribute:", whatever stands between. */
static const char *attribute_name(const char *word)
{
    static const char subject[] = "attribute";
    size_t length = sizeof subject - 1;

    if (strncasecmp(word, subject, length) != 0)
        return word;
    word += length;
    return word + strspn(word, ".:");
}

const char *query_hint(const char *expression, const struct query_error *error, char *text,
                       size_t size)
{
    const char *words[QUERY_WORDS_MAX], *meant;
    char word[WORD_MAX];
    int n = query_words(error->wanted, words);

    *text = 0;
    word_at(at_column(expression, error->column), word);
    if (n == 0 || !*word)
        return text;
    meant = habit_of(error->wanted, word);
    if (!meant && error->wanted != QUERY_WANTED_CONNECTIVE)
        meant = nearest_name(word, words, n);
    if (meant && meant[strlen(meant) - 1] != ':') /* an attribute's own name follows */
        snprintf(text, size, " (did you mean %s?)", meant);
    else if (error->wanted == QUERY_WANTED_SUBJECT && strspn(attribute_name(word), LETTERS) > 0)
        snprintf(text, size, " (did you mean attribute:%s?)", attribute_name(word));
    return text;
}
