/* SPDX-License-Identifier: MIT */
/* Owns: how results look: JSON, or the same as plain text.
 * Relies on: jansson's types.
 * Who may include: host/vdsoctl. */
#ifndef VDK_HOST_VDSOCTL_OUTPUT_H
#define VDK_HOST_VDSOCTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Print `result`, an object whose values are scalars and arrays of objects, and drop the reference to it. JSON: one line. Text: a
 * line for each scalar, a table for each array. */
void output(json_t *result, bool json);

/* What is written so far is out; false after a message: the output can't be written. */
bool output_flush(void);

/* A number in hexadecimal, as a string: JSON's own are not exact beyond 2^53. */
json_t *output_hex(uint64_t value);

/* A string of bytes that need not be UTF-8: others appear as \xNN. */
json_t *output_string(const char *text);

#endif
