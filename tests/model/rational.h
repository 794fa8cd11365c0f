/* SPDX-License-Identifier: MIT */
/* Owns: what the reference needs of rational numbers beside GMP.
 * Relies on: GMP.
 * Who may include: tests/model. */
#ifndef VDK_TESTS_MODEL_RATIONAL_H
#define VDK_TESTS_MODEL_RATIONAL_H

#include <gmp.h>
#include <stdbool.h>

#include "exact.h"

void set_position(mpz_t to, position value);
void set_whole(mpz_t to, whole_ns value);
whole_ns get_whole(const mpz_t from);
whole_ns floor_of(const mpq_t value);
/* *to = base + cycles * rate; `base` may be `to`. */
void go_on(mpq_t to, const mpq_t base, const mpz_t cycles, const mpq_t rate);
/* To the nearest whole number; halves away from zero. */
void round_nearest(mpz_t to, const mpq_t value);
bool within(const mpq_t a, const mpq_t b, const mpq_t most);

#endif
