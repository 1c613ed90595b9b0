/* backoff.h: how long to wait before the next try. Pure: randomness is an
 * argument. */
#ifndef LB_CORE_BACKOFF_H
#define LB_CORE_BACKOFF_H

#include <stdint.h>

/* Exponential with full jitter on its upper half: between d/2 and d, where d is
 * base_us · 2^(tries-1), at most cap_us. tries: 1 for the first failure.
 * random: any 32 random bits. */
int64_t lb_backoff_us(int tries, int64_t base_us, int64_t cap_us, uint32_t random);

#define LB_BACKOFF_UNANSWERED_BASE_US ((int64_t)1000000)
#define LB_BACKOFF_UNANSWERED_CAP_US ((int64_t)300 * 1000000)
#define LB_BACKOFF_REFUSED_BASE_US ((int64_t)60 * 1000000)
#define LB_BACKOFF_REFUSED_CAP_US ((int64_t)3600 * 1000000)

#endif
