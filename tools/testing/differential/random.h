/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers at random, the same for the same seed */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline void random_seed(struct random *r, uint64_t seed, uint64_t index)
{
	r->state = seed * 0x9e3779b97f4a7c15ull + index * 0xd1342543de82ef95ull;
}

/* splitmix64 */
static inline uint64_t next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline unsigned int below(struct random *r, unsigned int n)
{
	return (next(r) >> 32) * n >> 32;
}

static inline bool percent(struct random *r, unsigned int n)
{
	return below(r, 100) < n;
}

#endif
