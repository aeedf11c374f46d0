/*
 * Random expressions against an independent reading of the guide: a tree is drawn, judged directly
 * over plain facts of the test's cluster with the C library's own numbers, dates and regular
 * expressions, and written down in random spelling; the query language must come to the same
 * judgement from the text.
 */
#include "core/query.h"

#include "core/draw.h"
#include "query_world.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPRESSIONS 20000
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* What the cluster of query_world.h is, said once more and by hand. */
static const struct fact {
    const char *zone, *type, *stack, *disks, *rack, *spot, *kernel;
    bool connected;
    const char *registered; /* local to UTC, or NULL */
    int running;
    const char *groups[3];
} facts[QUERY_WORLD_INSTANCES] = {
    {"us-east-1a",
     "t2.small",
     "prod",
     "10",
     NULL,
     "",
     "5.10.0",
     true,
     "2018-06-18T00:00:00",
     2,
     {"database", "service:production"}},
    {"us-east-1b",
     "t2.small",
     "prod",
     "10",
     NULL,
     "",
     "5.10.0",
     false,
     "2018-06-18T01:00:00",
     0,
     {"database"}},
    {"us-east-1d",
     "g2.2xlarge",
     "test",
     "9",
     "r-1.5",
     NULL,
     "5.9.1",
     true,
     "2018-06-19T00:00:00",
     1,
     {"family:job"}},
    {"us-east-1a",
     "g2.2xlarge",
     "test",
     "9",
     "r-1.5",
     NULL,
     "5.9.1",
     true,
     "2018-06-18T00:00:02",
     2,
     {"service:production", "service:production"}},
    {NULL, "m5.large", NULL, NULL, NULL, NULL, NULL, false, NULL, 0, {NULL}},
    {NULL, "m5.large", NULL, NULL, NULL, NULL, NULL, true, "2018-06-18T00:00:07", 0, {NULL}},
};

/* The source of everything random: one stream, by position. */
struct dice {
    uint64_t seed;
    int64_t rolls;
};

static int roll(struct dice *dice, int sides)
{
    return (int)draw_below(dice->seed, DRAW_PLACEMENT_RANDOM, 0, dice->rolls++, (uint64_t)sides);
}

enum word {
    IS,
    IS_NOT,
    ABOVE,
    ABOVE_OR,
    BELOW,
    BELOW_OR,
    THERE,
    NOT_THERE,
    ANY,
    NONE,
    LIKE,
    UNLIKE
};

static const char *const spelled[][2] = {
    {"==", "equals"},      {"!=", "not_equals"},
    {">", "greater_than"}, {">=", "greater_than_equal"},
    {"<", "less_than"},    {"<=", "less_than_equal"},
    {"exists", "exists"},  {"!exists", "not_exists"},
    {"in", "in"},          {"!in", "not_in"},
    {"=~", "matches"},     {"!~", "not_matches"},
};

static const char *const texts[] = {"prod",     "test", "us-east-1a", "us-east-1d",
                                    "t2.small", "9",    "10"};
static const char *const patterns[] = {"p.*",    ".*t",   "us-east-1[ab]", "t2\\.small|m5.large",
                                       "[0-9]+", ".*",    "r-1.5",         "service:.*",
                                       "i[1-3]", "tru?e", "x{2,3}y*"};
static const char *const groups[] = {"database", "service:production", "family:job", "other"};
static const char *const versions[] = {"1.74.1", "1.9", "1.74", "1.100.0", "2", "1.74.1.0", "0.99"};
static const char *const kernels[] = {"5.10.0", "5.9.1",    "5.9", "5.10",
                                      "6",      "5.10.0.1", "5.x", "7."};
static const char *const numbers[] = {"0", "1", "2", "3", "007"};
static const char *const booleans[] = {"true", "false"};
static const char *const ids[] = {"i1", "i2", "i4", "i6", "i7"};
static const char *const dates[] = {"2018-06-18",
                                    "2018-06-19",
                                    "2018-06-18T01:00:00",
                                    "2018-06-18T01:00:00Z",
                                    "2018-06-18T00:00:07Z",
                                    "2018-06-18T03:00:00+02:00",
                                    "2018-06-17T19:00:00-05:00",
                                    "2020-02-29"};

#define ORDER                                                                                      \
    (1u << IS | 1u << IS_NOT | 1u << ABOVE | 1u << ABOVE_OR | 1u << BELOW | 1u << BELOW_OR)
#define MATCHING (1u << IS | 1u << IS_NOT | 1u << ANY | 1u << NONE | 1u << LIKE | 1u << UNLIKE)
#define EXISTENCE (1u << THERE | 1u << NOT_THERE)

enum about {
    ZONE,
    TYPE,
    STACK,
    DISKS,
    RACK,
    SPOT,
    KERNEL,
    CONNECTED,
    VERSION,
    ID,
    REGISTERED,
    RUNNING,
    GROUP
};

static const struct topic {
    const char *name;
    unsigned words;
    const char *const *arguments;
    int n_arguments;
} topics[] = {
    [ZONE] = {"attribute:ecs.availability-zone", ORDER | MATCHING | EXISTENCE, texts, COUNT(texts)},
    [TYPE] = {"attribute:ecs.instance-type", ORDER | MATCHING | EXISTENCE, texts, COUNT(texts)},
    [STACK] = {"attribute:stack", ORDER | MATCHING | EXISTENCE, texts, COUNT(texts)},
    [DISKS] = {"attribute:disks", ORDER | MATCHING | EXISTENCE, texts, COUNT(texts)},
    [RACK] = {"attribute:rack", ORDER | MATCHING | EXISTENCE, texts, COUNT(texts)},
    [SPOT] = {"attribute:spot", ORDER | MATCHING | EXISTENCE, texts, COUNT(texts)},
    [KERNEL] = {"attribute:kernel", ORDER | MATCHING | EXISTENCE, kernels, COUNT(kernels)},
    [CONNECTED] = {"agentConnected", MATCHING, booleans, COUNT(booleans)},
    [VERSION] = {"agentVersion", ORDER, versions, COUNT(versions)},
    [ID] = {"ec2InstanceId", MATCHING, ids, COUNT(ids)},
    [REGISTERED] = {"registeredAt", ORDER, dates, COUNT(dates)},
    [RUNNING] = {"runningTasksCount", ORDER, numbers, COUNT(numbers)},
    [GROUP] = {"task:group", MATCHING | EXISTENCE, groups, COUNT(groups)},
};

enum shape { LEAF, NOT, AND, OR };

struct tree {
    enum shape shape;
    struct tree *left, *right;
    enum about about;
    enum word word;
    const char *arguments[3];
    int n_arguments;
};

static struct tree *grow(struct dice *dice, int depth)
{
    struct tree *tree = calloc(1, sizeof *tree);

    tree->shape = depth == 0 ? LEAF : (enum shape)roll(dice, 4);
    if (tree->shape != LEAF) {
        tree->left = grow(dice, depth - 1);
        tree->right = tree->shape == NOT ? NULL : grow(dice, depth - 1);
        return tree;
    }
    tree->about = (enum about)roll(dice, COUNT(topics));
    do
        tree->word = (enum word)roll(dice, COUNT(spelled));
    while (!(topics[tree->about].words & 1u << tree->word));
    tree->n_arguments = tree->word == ANY || tree->word == NONE ? 1 + roll(dice, 3) : 1;
    for (int i = 0; i < tree->n_arguments; i++) {
        const struct topic *topic = &topics[tree->about];
        bool like = tree->word == LIKE || tree->word == UNLIKE;

        tree->arguments[i] = like ? patterns[roll(dice, COUNT(patterns))]
                                  : topic->arguments[roll(dice, topic->n_arguments)];
    }
    return tree;
}

static void fell(struct tree *tree)
{
    if (!tree)
        return;
    fell(tree->left);
    fell(tree->right);
    free(tree);
}

static bool is_like(const char *value, const char *pattern)
{
    char whole[100];
    regex_t regex;
    bool found;

    snprintf(whole, sizeof whole, "^(%s)$", pattern);
    cr_assert_eq(regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB), 0, "%s", whole);
    found = regexec(&regex, value, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static bool judge_order(enum word word, double difference)
{
    return (word == IS && difference == 0) || (word == IS_NOT && difference != 0) ||
           (word == ABOVE && difference > 0) || (word == ABOVE_OR && difference >= 0) ||
           (word == BELOW && difference < 0) || (word == BELOW_OR && difference <= 0);
}

/* Both numbers with dots between, of which at least one is no plain number: compared part by part. */
static bool are_versions(const char *a, const char *b, double *difference)
{
    int parts[2][4] = {{0}};
    regex_t version;
    bool are;

    cr_assert_eq(regcomp(&version, "^[0-9]+(\\.[0-9]+)*$", REG_EXTENDED | REG_NOSUB), 0);
    are = regexec(&version, a, 0, NULL, 0) == 0 && regexec(&version, b, 0, NULL, 0) == 0;
    regfree(&version);
    sscanf(a, "%d.%d.%d.%d", &parts[0][0], &parts[0][1], &parts[0][2], &parts[0][3]);
    sscanf(b, "%d.%d.%d.%d", &parts[1][0], &parts[1][1], &parts[1][2], &parts[1][3]);
    for (int i = 3; are && i >= 0; i--)
        if (parts[0][i] != parts[1][i])
            *difference = parts[0][i] - parts[1][i];
    return are;
}

static bool judge_text(const struct tree *tree, const char *value)
{
    const char *argument = tree->arguments[0];
    bool listed = false;
    char *end_value, *end_argument;
    double difference;

    if (!value || tree->word == NOT_THERE)
        return !value && tree->word == NOT_THERE;
    for (int i = 0; i < tree->n_arguments; i++)
        listed |= strcmp(tree->arguments[i], value) == 0;
    if (tree->word == THERE)
        return true;
    if (tree->word == ANY || tree->word == NONE)
        return listed == (tree->word == ANY);
    if (tree->word == LIKE || tree->word == UNLIKE)
        return is_like(value, argument) == (tree->word == LIKE);
    difference = strtod(value, &end_value) - strtod(argument, &end_argument);
    if (*value == 0 || *end_value || *end_argument) {
        bool equality = tree->word == IS || tree->word == IS_NOT;

        difference = 0;
        if (equality || !are_versions(value, argument, &difference))
            difference = strcmp(value, argument);
    }
    return judge_order(tree->word, difference);
}

static bool judge_version(const struct tree *tree)
{
    int have[4] = {1, 74, 1, 0}, wanted[4] = {0};
    double difference = 0;

    sscanf(tree->arguments[0], "%d.%d.%d.%d", &wanted[0], &wanted[1], &wanted[2], &wanted[3]);
    for (int i = 0; i < 4 && difference == 0; i++)
        difference = have[i] - wanted[i];
    return judge_order(tree->word, difference);
}

/* Through the C library's calendar. */
static double seconds(const char *date)
{
    struct tm tm = {0};
    const char *zone = strptime(date, "%Y-%m-%d", &tm);
    int hours = 0;

    if (*zone == 'T')
        zone = strptime(date, "%Y-%m-%dT%H:%M:%S", &tm);
    if (*zone == '+' || *zone == '-')
        sscanf(zone, "%d", &hours);
    return (double)timegm(&tm) - hours * 3600.0;
}

static bool judge_date(const struct tree *tree, int instance)
{
    const char *registered = facts[instance].registered;

    if (!registered)
        return false;
    return judge_order(tree->word, seconds(registered) + (instance == 3 ? 0.5 : 0) -
                                       seconds(tree->arguments[0]));
}

static bool judge_groups(const struct tree *tree, const struct fact *fact)
{
    bool any = false;

    if (!fact->groups[0])
        return tree->word == NOT_THERE;
    for (int i = 0; i < 3 && fact->groups[i]; i++)
        any |= judge_text(tree, fact->groups[i]);
    return any;
}

static bool judge_leaf(const struct tree *tree, int instance)
{
    const struct fact *fact = &facts[instance];
    char id[] = {'i', (char)('1' + instance), 0};

    switch (tree->about) {
    case ZONE:
        return judge_text(tree, fact->zone);
    case TYPE:
        return judge_text(tree, fact->type);
    case STACK:
        return judge_text(tree, fact->stack);
    case DISKS:
        return judge_text(tree, fact->disks);
    case RACK:
        return judge_text(tree, fact->rack);
    case SPOT:
        return judge_text(tree, fact->spot);
    case KERNEL:
        return judge_text(tree, fact->kernel);
    case CONNECTED:
        return judge_text(tree, fact->connected ? "true" : "false");
    case VERSION:
        return judge_version(tree);
    case ID:
        return judge_text(tree, id);
    case REGISTERED:
        return judge_date(tree, instance);
    case RUNNING:
        return judge_order(tree->word, fact->running - atoi(tree->arguments[0]));
    default:
        return judge_groups(tree, fact);
    }
}

static bool judge(const struct tree *tree, int instance)
{
    switch (tree->shape) {
    case NOT:
        return !judge(tree->left, instance);
    case AND:
        return judge(tree->left, instance) && judge(tree->right, instance);
    case OR:
        return judge(tree->left, instance) || judge(tree->right, instance);
    default:
        return judge_leaf(tree, instance);
    }
}

/* Text under way. */
struct page {
    char text[4 * QUERY_LENGTH_MAX];
    size_t length;
};

static void put(struct page *page, const char *text)
{
    page->length +=
        (size_t)snprintf(page->text + page->length, sizeof page->text - page->length, "%s", text);
}

/* White space: some, and where it is not needed perhaps none. */
static void put_gap(struct page *page, struct dice *dice, bool needed)
{
    static const char *const gaps[] = {" ", "  ", "\t", "\n ", ""};

    put(page, gaps[roll(dice, needed ? 4 : 5)]);
}

static void put_argument(struct page *page, struct dice *dice, const char *argument)
{
    static const char *const quotes[] = {"'", "\"", ""};
    const char *quote = quotes[roll(dice, 3)];

    put(page, quote);
    put(page, argument);
    put(page, quote);
}

static void put_leaf(struct page *page, struct dice *dice, const struct tree *tree)
{
    const char *sign = spelled[tree->word][roll(dice, 2)];
    bool list = tree->word == ANY || tree->word == NONE;
    bool is_word = sign[strlen(sign) - 1] >= 'a' && sign[strlen(sign) - 1] <= 'z';

    put(page, topics[tree->about].name);
    put_gap(page, dice, sign[0] >= 'a' && sign[0] <= 'z');
    put(page, sign);
    if (tree->word == THERE || tree->word == NOT_THERE)
        return;
    put_gap(page, dice, is_word && !list);
    put(page, list ? "[" : "");
    for (int i = 0; i < tree->n_arguments; i++) {
        put(page, i ? "," : "");
        put_gap(page, dice, false);
        put_argument(page, dice, tree->arguments[i]);
        put_gap(page, dice, !list);
    }
    put(page, list ? "]" : "");
}

/* Parentheses where the tree needs them, and now and then where it does not. */
static void put_tree(struct page *page, struct dice *dice, const struct tree *tree,
                     enum shape around)
{
    bool needed = (around == NOT && tree->shape >= AND) || (around == AND && tree->shape == OR);
    bool closed = needed || roll(dice, 5) == 0;

    put(page, closed ? "(" : "");
    put_gap(page, dice, false);
    if (tree->shape == LEAF) {
        put_leaf(page, dice, tree);
    } else if (tree->shape == NOT) {
        put(page, roll(dice, 2) ? "not " : "!");
        put_tree(page, dice, tree->left, NOT);
    } else {
        put_tree(page, dice, tree->left, tree->shape);
        put(page, tree->shape == AND ? (roll(dice, 2) ? " and " : "&&")
                                     : (roll(dice, 2) ? " or " : "||"));
        put_tree(page, dice, tree->right, tree->shape);
    }
    put_gap(page, dice, false);
    put(page, closed ? ")" : "");
}

static void compare_once(const struct cluster *cluster, struct dice *dice, int *selected)
{
    struct tree *tree = grow(dice, roll(dice, 5));
    struct page page = {"", 0};
    struct query_error error = {0};
    struct query *query;

    put_tree(&page, dice, tree, LEAF);
    query = query_parse(page.text, &error);
    if (page.length > QUERY_LENGTH_MAX)
        cr_assert_null(query);
    else
        cr_assert_not_null(query, "%s: %d: %s", page.text, error.column, error.text);
    for (int i = 0; query && i < QUERY_WORLD_INSTANCES; i++) {
        bool wanted = judge(tree, i);

        *selected += wanted;
        cr_assert_eq(query_matches(query, cluster, i), wanted, "%s: i%d: not %d", page.text, i + 1,
                     wanted);
    }
    query_destroy(query);
    fell(tree);
}

Test(query_random, agrees_with_an_independent_reading)
{
    struct dice dice = {.seed = 20180618};
    struct cluster cluster;
    int selected = 0;

    query_world_init(&cluster);
    for (int i = 0; i < EXPRESSIONS; i++)
        compare_once(&cluster, &dice, &selected);
    cluster_finish(&cluster);
    /* The draw is worth something only where both answers are common. */
    cr_assert(selected > EXPRESSIONS * 2 && selected < EXPRESSIONS * 4, "%d", selected);
}
