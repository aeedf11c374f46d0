/*
 * What is not done for every request.
 */
#include "model/station.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>

void requests_init(struct requests *pool)
{
    *pool = (struct requests){.free = ID_NONE};
}

void requests_finish(struct requests *pool)
{
    free(pool->requests);
    requests_init(pool);
}

int32_t requests_add(struct requests *pool)
{
    int32_t request = pool->free;

    if (request == ID_NONE) {
        ARRAY_ADD(pool, requests);
        request = pool->n_requests - 1;
    } else {
        pool->free = pool->requests[request].next;
    }
    pool->requests[request].next = ID_NONE;
    return request;
}

struct station station_new(int32_t concurrency, int32_t line_max)
{
    assert(concurrency >= 1 && line_max >= 0);
    return (struct station){
        .concurrency = concurrency, .line_max = line_max, .first = ID_NONE, .last = ID_NONE};
}
