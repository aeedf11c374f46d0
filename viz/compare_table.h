/*
 * The tables of a comparison, and how a difference is said in them. It must never know what is compared.
 */
#ifndef BERTH_VIZ_COMPARE_TABLE_H
#define BERTH_VIZ_COMPARE_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct libscols_table;

/* Right-aligned numbers behind `n_words` columns of words. */
struct libscols_table *compare_table_new(const char *const *heads, int n, int n_words);

/* `n` texts, a cell each. */
void compare_table_add(struct libscols_table *table, int n, ...);

/* Prints and frees it. Without a line nothing is printed, and it is false. */
bool compare_table_print(FILE *out, struct libscols_table *table);

/* "-5 %", and "x274" where a percentage says less. An amount has no sign. Returns `text`. */
char *compare_table_error(char *text, size_t size, int64_t permille, bool amount);

/* How far one is from the other, which counts as right: the second one where they are `mixed`, simulated and real,
 * else the first. "-" where that one has none. Returns `text`. */
char *compare_table_change(char *text, size_t size, const int64_t values[2], bool mixed);

#endif
