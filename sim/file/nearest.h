/*
 * "Did you mean": the valid name that is nearest to a word somebody typed.
 */
#ifndef BERTH_FILE_NEAREST_H
#define BERTH_FILE_NEAREST_H

/* The name with the fewest insertions, deletions, replacements and swaps of neighbours away from
 * `word` (case does not count), or NULL where none is near enough to be meant. `names` has `n`
 * entries; NULL entries are passed over. */
const char *nearest_name(const char *word, const char *const *names, int n);

/* Likewise for a NULL-terminated list. */
const char *nearest_of(const char *word, const char *const *names);

#endif
