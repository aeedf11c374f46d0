/*
 * Predict mode over a hand-made cluster: which placements are asked about, what counts as right, the
 * score and its words.
 */
#include "viz/guess.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample sample;
static struct guess guess;

/* t2 is placed before t1; t3 later. */
static void set_up(void)
{
    static const int32_t nths[] = {1, 0, 2};
    sample_init(&sample, RUN_SIM);
    int web = sample_taskdef(&sample, "web", 128, 128, 1);
    for (int i = 0; i < 3; i++) {
        struct story_task *task = sample_task(&sample, web, 0, MS(i < 2 ? 1000 : 3000));
        task->nth_placed = nths[i];
    }
    guess_init(&guess, &sample.story);
}

static void tear_down(void)
{
    guess_finish(&guess);
    sample_finish(&sample);
}

TestSuite(guess, .init = set_up, .fini = tear_down);

/* Three instances: i1 was chosen, i2 is as good by the rules, i3 is not. */
struct answer {
    struct explain explain;
    struct cluster cluster;
    struct request request;
    struct strategy_rule rule;
    enum place_reason reasons[3];
    int64_t lacks[3], values[3];
    bool reached[3];
};

static void make_answer(struct answer *answer, int32_t task, enum strategy_type type)
{
    *answer = (struct answer){.rule = {.type = type, .field = BY_CPU},
                              .values = {5, 5, 9},
                              .reached = {true, true, true}};
    answer->request = (struct request){.n_strategy = 1, .strategy = &answer->rule};
    answer->cluster = (struct cluster){.requests = &answer->request, .n_requests = 1};
    answer->explain = (struct explain){.task = task, .cluster = &answer->cluster};
    answer->explain.table = (struct place_table){.placement = {0, 1},
                                                 .n_candidates = 3,
                                                 .n_instances = 3,
                                                 .n_rules = 1,
                                                 .reasons = answer->reasons,
                                                 .lacks = answer->lacks,
                                                 .values = answer->values,
                                                 .reached = answer->reached};
}

static enum guess_verdict verdict_of(int32_t picked, enum strategy_type type)
{
    struct answer answer;
    make_answer(&answer, guess_task(&guess), type);
    guess_pick(&guess, &answer.explain, picked);
    cr_assert(guess.state == GUESS_ANSWERED);
    return guess.marks[guess.n_marks - 1].verdict;
}

Test(guess, asks_in_the_order_of_placement)
{
    cr_assert(guess.state == GUESS_OFF && guess_task(&guess) == ID_NONE);
    guess_start(&guess, 0);
    cr_assert(guess_task(&guess) == 1 && guess_at_usec(&guess) == MS(1000));
    cr_assert(verdict_of(0, STRATEGY_BINPACK) == GUESS_RIGHT);
    guess_next(&guess);
    cr_assert(guess_task(&guess) == 0);
    cr_assert(verdict_of(0, STRATEGY_BINPACK) == GUESS_RIGHT);
    guess_next(&guess);
    cr_assert(guess_task(&guess) == 2 && guess_at_usec(&guess) == MS(3000));
    cr_assert(verdict_of(2, STRATEGY_BINPACK) == GUESS_WRONG);
    guess_next(&guess);
    cr_assert(guess.state == GUESS_DONE && guess_task(&guess) == ID_NONE);
    guess_start(&guess, MS(2000));
    cr_assert(guess_task(&guess) == 2 && guess_count(&guess).n_asked == 0);
}

Test(guess, equals_count_and_a_lot_is_no_reason)
{
    struct buffer text = {0};
    guess_start(&guess, 0);
    cr_assert(verdict_of(1, STRATEGY_BINPACK) == GUESS_EQUAL);
    guess_next(&guess);
    cr_assert(verdict_of(2, STRATEGY_RANDOM) == GUESS_EQUAL);
    guess_next(&guess);
    cr_assert(verdict_of(ID_NONE, STRATEGY_BINPACK) == GUESS_PASSED);
    struct guess_score score = guess_count(&guess);
    cr_assert(score.n_asked == 3 && score.n_right == 2 && score.n_equal == 2);
    guess_report(&guess, &text);
    cr_assert_str_eq(text.text,
                     "predicted 2 of 3 placements (2 by an instance that the rules leave "
                     "as good)\n");
    buffer_finish(&text);
}

Test(guess, what_was_no_candidate_is_wrong)
{
    struct answer answer;
    guess_start(&guess, 0);
    make_answer(&answer, guess_task(&guess), STRATEGY_RANDOM);
    answer.reasons[1] = PLACE_CPU;
    answer.reached[1] = false;
    guess_pick(&guess, &answer.explain, 1);
    cr_assert(guess.marks[0].verdict == GUESS_WRONG);
    /* Nothing is picked twice, nor for another task. */
    guess_pick(&guess, &answer.explain, 0);
    cr_assert(guess.n_marks == 1);
}

Test(guess, what_no_strategy_chose_is_not_asked)
{
    struct answer answer;
    guess_start(&guess, 0);
    make_answer(&answer, 1, STRATEGY_BINPACK);
    cr_assert(!guess_skip(&guess, &answer.explain));
    answer.explain.chooser = EXPLAIN_BY_DAEMON;
    cr_assert(guess_skip(&guess, &answer.explain));
    cr_assert(guess_task(&guess) == 0 && guess.n_marks == 0);
    cr_assert(!guess_skip(&guess, &answer.explain));
}

Test(guess, nothing_asked_is_nothing_reported)
{
    struct buffer text = {0};
    guess_start(&guess, MS(5000));
    cr_assert(guess.state == GUESS_DONE);
    guess_report(&guess, &text);
    cr_assert(text.length == 0);
    buffer_finish(&text);
}

Test(guess, goes_on_with_a_run_that_grows)
{
    guess_start(&guess, MS(2000));
    cr_assert(verdict_of(0, STRATEGY_BINPACK) == GUESS_RIGHT);
    guess_next(&guess);
    cr_assert(guess.state == GUESS_DONE);
    sample_task(&sample, 0, 1, MS(4000))->nth_placed = 3;
    guess_grow(&guess);
    cr_assert(guess.state == GUESS_ASKS && guess_task(&guess) == 3 && guess.n_marks == 1);
}
