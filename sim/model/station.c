/*
 * What is not done for every request.
 */
#include "model/station.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>

void visits_init(struct visits *pool)
{
    *pool = (struct visits){.free = ID_NONE};
}

void visits_finish(struct visits *pool)
{
    free(pool->visits);
    visits_init(pool);
}

int32_t visits_add(struct visits *pool)
{
    int32_t request = pool->free;

    if (request == ID_NONE) {
        ARRAY_ADD(pool, visits);
        request = pool->n_visits - 1;
    } else {
        pool->free = pool->visits[request].next;
    }
    pool->visits[request].next = ID_NONE;
    return request;
}

struct station station_new(int32_t concurrency, int32_t line_max)
{
    assert(concurrency >= 1 && line_max >= 0);
    return (struct station){
        .concurrency = concurrency, .line_max = line_max, .first = ID_NONE, .last = ID_NONE};
}
