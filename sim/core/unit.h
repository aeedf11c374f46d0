/*
 * The units that every room counts in. Time is a number of microseconds since the start of the run,
 * CPU is ECS's unit (1024 are one vCPU), memory is MiB. Nothing here knows a clock.
 */
#ifndef BERTH_CORE_UNIT_H
#define BERTH_CORE_UNIT_H

#include <stdint.h>

#define USEC_NEVER INT64_MAX
#define USEC_PER_MSEC INT64_C(1000)
#define USEC_PER_SEC INT64_C(1000000)

#define CPU_UNITS_PER_VCPU 1024

/* No moment or duration is longer: two of them never overflow when they are added. */
#define USEC_MAX (INT64_MAX / 4)

/* An index into one of the scheduler's arrays that stands for "none". */
#define ID_NONE (-1)

#endif
