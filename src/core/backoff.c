#include "core/backoff.h"

int64_t lb_backoff_us(int tries, int64_t base_us, int64_t cap_us, uint32_t random)
{
	int64_t delay_us = base_us;
	for (int i = 1; i < tries && delay_us < cap_us; i++) {
		delay_us *= 2;
	}
	if (delay_us > cap_us) {
		delay_us = cap_us;
	}
	int64_t half_us = delay_us / 2;
	return delay_us - half_us + half_us * (int64_t)(random >> 1) / INT32_MAX;
}
