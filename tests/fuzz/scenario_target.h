/*
 * What a fuzzer does with one text: reads it as a scenario and holds the result to what every
 * scenario must satisfy. Ends the program where something does not hold.
 */
#ifndef BERTH_TESTS_FUZZ_SCENARIO_TARGET_H
#define BERTH_TESTS_FUZZ_SCENARIO_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry; returns 0 always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Texts so far that were scenarios. */
extern int scenario_target_accepted;

#endif
