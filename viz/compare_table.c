/*
 * By libsmartcols. It must never know what is compared.
 */
#include "viz/compare_table.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>

struct libscols_table *compare_table_new(const char *const *heads, int n, int n_words)
{
    struct libscols_table *table = scols_new_table();
    if (!table)
        abort();
    for (int i = 0; i < n; i++)
        scols_table_new_column(table, heads[i], 0, i < n_words ? 0 : SCOLS_FL_RIGHT);
    return table;
}

void compare_table_add(struct libscols_table *table, int n, ...)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    if (!line)
        abort();
    va_list cells;
    va_start(cells, n);
    for (int i = 0; i < n; i++)
        scols_line_set_data(line, (size_t)i, va_arg(cells, const char *));
    va_end(cells);
}

bool compare_table_print(FILE *out, struct libscols_table *table)
{
    bool some = scols_table_get_nlines(table) > 0;
    scols_table_set_stream(table, out);
    if (some)
        scols_print_table(table);
    scols_unref_table(table);
    return some;
}

char *compare_table_error(char *text, size_t size, int64_t permille, bool amount)
{
    int64_t percent = (llabs(permille) + 5) / 10;
    const char *sign = amount || percent == 0 ? "" : permille < 0 ? "-" : "+";
    if (permille >= 9000)
        snprintf(text, size, "x%" PRId64, (permille + 1500) / 1000);
    else
        snprintf(text, size, "%s%" PRId64 " %%", sign, percent);
    return text;
}

char *compare_table_change(char *text, size_t size, const int64_t values[2], bool mixed)
{
    int64_t from = values[mixed ? 1 : 0], change = values[mixed ? 0 : 1] - from;
    if (from <= 0)
        snprintf(text, size, "-");
    else
        compare_table_error(text, size, change * 1000 / from, false);
    return text;
}
